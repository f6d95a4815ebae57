package dev.cloister.sandbox.http;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.AliasRegistry;
import dev.cloister.sandbox.registry.Plugin;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.AliasChange;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.BlobDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A plugin's aliases: show, point at other versions, roll back.
final class AliasApi {
  private final TenantRegistry tenants;
  private final AliasRegistry aliases;

  AliasApi(TenantRegistry tenants, AliasRegistry aliases) {
    this.tenants = tenants;
    this.aliases = aliases;
  }

  /// A target of an alias.
  record Target(@Nullable String version, @Nullable Integer weight) {
    static List<Target> of(List<AliasTarget> targets) {
      return targets.stream()
          .map(target -> new Target(target.version().toString(), target.weight()))
          .toList();
    }
  }

  /// The targets of an alias, as they are set and shown.
  record Alias(@Nullable List<@Nullable Target> targets) {
    static Alias of(List<AliasTarget> targets) {
      return new Alias(List.copyOf(Target.of(targets)));
    }
  }

  /// What an alias named from some moment on.
  record ChangeView(long number, String changedAt, List<Target> targets) {
    static ChangeView of(AliasChange change) {
      return new ChangeView(
          change.number(), change.changedAt().toString(), Target.of(change.targets()));
    }
  }

  /// The body that rolls back.
  record Rollback(@Nullable Long number) {}

  Answer get(ApiRequest request) {
    Plugin plugin = tenants.require(request.tenant()).requirePlugin(request.plugin());
    @Nullable List<AliasTarget> targets = plugin.aliases().get(request.alias());
    if (targets == null) {
      throw Problem.notFound("alias", request.alias().text()).asException();
    }
    return Answer.json(200, Alias.of(targets));
  }

  Answer put(ApiRequest request) {
    @Nullable List<@Nullable Target> targets = Json.read(request.body(), Alias.class).targets();
    if (targets == null) {
      throw Problem.invalid("targets", null, "a list of versions and weights").asException();
    }
    Plugin plugin =
        aliases.set(
            tenants.require(request.tenant()),
            request.plugin(),
            request.alias(),
            targets.stream().map(AliasApi::target).toList(),
            request.author());
    return show(plugin, request);
  }

  Answer rollBack(ApiRequest request) {
    @Nullable Long number =
        request.body().length == 0 ? null : Json.read(request.body(), Rollback.class).number();
    Plugin plugin =
        aliases.rollBack(
            tenants.require(request.tenant()),
            request.plugin(),
            request.alias(),
            number,
            request.author());
    return show(plugin, request);
  }

  Answer history(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    List<ChangeView> changes =
        aliases.changes(tenant, request.plugin(), request.alias()).stream()
            .map(ChangeView::of)
            .toList();
    return Answer.json(200, new Page(changes, null, changes.size()));
  }

  private static Answer show(Plugin plugin, ApiRequest request) {
    return Answer.json(200, Alias.of(plugin.aliases().getOrDefault(request.alias(), List.of())));
  }

  private static AliasTarget target(@Nullable Target target) {
    if (target == null || target.version == null || target.weight == null) {
      throw Problem.invalid("a target", target, "a version and a weight").asException();
    }
    try {
      return new AliasTarget(BlobDigest.parse(target.version), target.weight);
    } catch (IllegalArgumentException _) {
      throw Problem.invalid("version", target.version, "sha256: and 64 hexadecimal digits")
          .asException();
    }
  }
}
