package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.AliasChange;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.AliasRecord;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.MetadataTransaction;
import dev.cloister.sandbox.storage.PluginName;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Changes of aliases: which versions calls get, and back to those they got before.
public final class AliasRegistry {
  private static final int MAX_TARGETS = 16;
  private static final int MAX_WEIGHT = 1_000_000;
  private static final int MAX_ALIASES = 64;

  private final MetadataStore store;
  private final TenantRegistry tenants;
  private final Signatures signatures;
  private final AuditLog audit;
  private final Clock clock;

  AliasRegistry(
      MetadataStore store,
      TenantRegistry tenants,
      Signatures signatures,
      AuditLog audit,
      Clock clock) {
    this.store = store;
    this.tenants = tenants;
    this.signatures = signatures;
    this.audit = audit;
    this.clock = clock;
  }

  /// A plugin after a change of an alias.
  private record Changed(Plugin plugin, AuditRecord audit) {}

  /// Points an alias at other versions; creates it if it does not exist.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a target does not exist or a weight is
  ///   wrong
  public Plugin set(
      Tenant tenant, PluginName name, AliasName alias, List<AliasTarget> targets, Author author) {
    checkTargets(targets);
    requireCallable(tenant, name, targets);
    return change(
        tenant,
        transaction -> {
          Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
          for (AliasTarget target : targets) {
            if (!plugin.versions().containsKey(target.version())) {
              throw Problem.notFound("version", target.version().toString()).asException();
            }
          }
          boolean isNew = !plugin.aliases().containsKey(alias);
          if (isNew && plugin.aliases().size() >= MAX_ALIASES) {
            throw Problem.limit(
                    ProblemType.LIMIT, "aliases", plugin.aliases().size() + 1, MAX_ALIASES)
                .asException();
          }
          return put(transaction, tenant, plugin, alias, targets, author, "alias.change");
        });
  }

  /// Points an alias at what it named before: before its last change, or from its change `number`
  /// on. That is a change too, so doing it twice leads back.
  ///
  /// @param number the change, or null for the one before the last
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such alias or change, or one
  ///   of the versions is gone
  public Plugin rollBack(
      Tenant tenant, PluginName name, AliasName alias, @Nullable Long number, Author author) {
    requireCallable(tenant, name, earlier(changes(tenant, name, alias), alias, number).targets());
    return change(
        tenant,
        transaction -> {
          Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
          requireAlias(plugin, alias);
          AliasChange earlier =
              earlier(transaction.aliasChanges(tenant.name(), name, alias), alias, number);
          for (AliasTarget target : earlier.targets()) {
            requireKept(plugin, target.version(), earlier.number());
          }
          return put(
              transaction, tenant, plugin, alias, earlier.targets(), author, "alias.rollback");
        });
  }

  /// Lists what an alias named, newest first.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such alias
  public List<AliasChange> changes(Tenant tenant, PluginName name, AliasName alias) {
    requireAlias(tenant.requirePlugin(name), alias);
    return store.aliasChanges(tenant.name(), name, alias);
  }

  /// Writes an alias within the transaction of a change and returns the plugin with it.
  static Plugin put(
      MetadataTransaction transaction, Plugin plugin, AliasName alias, List<AliasTarget> targets) {
    AliasRecord record = new AliasRecord(plugin.record().tenant(), plugin.name(), alias, targets);
    transaction.putAlias(record, plugin.updatedAt());
    return plugin.withAlias(alias, targets);
  }

  private interface Change {
    Changed apply(MetadataTransaction transaction);
  }

  private Plugin change(Tenant tenant, Change change) {
    Changed changed =
        store.write(
            change::apply,
            done -> {
              tenant.putPlugin(done.plugin);
              audit.publish(done.audit);
            });
    tenant.releaseUnneededVersions();
    return changed.plugin;
  }

  private Changed put(
      MetadataTransaction transaction,
      Tenant tenant,
      Plugin plugin,
      AliasName alias,
      List<AliasTarget> targets,
      Author author,
      String action) {
    Plugin next = plugin.touchedAt(clock.instant().truncatedTo(ChronoUnit.MILLIS));
    transaction.putPlugin(next.record());
    next = put(transaction, next, alias, targets);
    String target = plugin.name() + " " + alias;
    return new Changed(
        next,
        transaction.appendAudit(
            audit.entry(author, action, tenant.name(), target, detail(targets))));
  }

  /// Checks the signatures of versions that exist; the others are told from in the transaction.
  private void requireCallable(Tenant tenant, PluginName name, List<AliasTarget> targets) {
    Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
    for (AliasTarget target : targets) {
      if (plugin.versions().containsKey(target.version())) {
        signatures.requireSigned(tenant.name(), name, target.version());
      }
    }
  }

  private static void requireAlias(Plugin plugin, AliasName alias) {
    if (!plugin.aliases().containsKey(alias)) {
      throw Problem.notFound("alias", alias.text()).asException();
    }
  }

  private static AliasChange earlier(
      List<AliasChange> changes, AliasName alias, @Nullable Long number) {
    if (number != null) {
      for (AliasChange change : changes) {
        if (change.number() == number) {
          return change;
        }
      }
      throw Problem.notFound("change of the alias", number.toString()).asException();
    }
    if (changes.size() < 2) {
      throw Problem.of(ProblemType.CONFLICT, "the alias named nothing else before")
          .with("alias", alias.text())
          .asException();
    }
    return changes.get(1);
  }

  private static void requireKept(Plugin plugin, BlobDigest version, long number) {
    if (!plugin.versions().containsKey(version)) {
      throw Problem.of(ProblemType.CONFLICT, "a version that the alias named was deleted")
          .with("version", version.toString())
          .with("number", number)
          .asException();
    }
  }

  private static void checkTargets(List<AliasTarget> targets) {
    if (targets.isEmpty() || targets.size() > MAX_TARGETS) {
      throw Problem.invalid("targets", targets.size(), "1 to " + MAX_TARGETS + " versions")
          .asException();
    }
    Set<BlobDigest> seen = new HashSet<>();
    int total = 0;
    for (AliasTarget target : targets) {
      if (target.weight() < 0 || target.weight() > MAX_WEIGHT) {
        throw Problem.invalid("a weight", target.weight(), "between 0 and " + MAX_WEIGHT)
            .asException();
      }
      if (!seen.add(target.version())) {
        throw Problem.invalid("targets", target.version().toString(), "each version once")
            .asException();
      }
      total += target.weight();
    }
    if (total == 0) {
      throw Problem.invalid("the weights", 0, "above 0 in sum").asException();
    }
  }

  private static String detail(List<AliasTarget> targets) {
    StringBuilder text = new StringBuilder();
    for (AliasTarget target : targets) {
      text.append(text.isEmpty() ? "" : ", ");
      text.append(target.version()).append(' ').append(target.weight());
    }
    return text.toString();
  }
}
