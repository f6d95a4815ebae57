package dev.cloister.sandbox.services;

import dev.cloister.isolate.egress.EgressPolicy;
import dev.cloister.isolate.egress.HostPattern;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A policy as JSON: how it is asked for, shown and stored. In a request a field that is absent
/// leaves what is there.
///
/// @param capabilities names of capabilities
/// @param onMissingCapability `refuse` or `park`
/// @param egress where requests may go
public record PolicyDocument(
    @Nullable List<String> capabilities,
    @Nullable String onMissingCapability,
    @Nullable Egress egress) {
  private static final int MAX_CAPABILITIES = 100;
  private static final int MAX_HOSTS = 1_000;

  /// Where requests may go.
  ///
  /// @param allowedHosts hosts, with `*` for any characters, and perhaps a port
  /// @param methods methods
  /// @param schemes `http`, `https`
  public record Egress(
      @Nullable List<String> allowedHosts,
      @Nullable List<String> methods,
      @Nullable List<String> schemes) {}

  /// Returns `policy` as it is shown and stored.
  public static PolicyDocument of(TenantPolicy policy) {
    return new PolicyDocument(
        policy.grants().capabilities().stream().map(Capability::name).toList(),
        policy.onMissing().label(),
        new Egress(
            policy.egress().hosts().stream().map(HostPattern::toString).toList(),
            policy.egress().methods().stream().sorted().toList(),
            policy.egress().schemes().stream().sorted().toList()));
  }

  /// Reads what [#text] wrote.
  public static TenantPolicy parse(String stored, TenantPolicy defaults) {
    return Json.read(stored.getBytes(StandardCharsets.UTF_8), PolicyDocument.class)
        .changing(defaults);
  }

  /// Returns `policy` as it is stored.
  public static String text(TenantPolicy policy) {
    return Json.text(of(policy));
  }

  /// Returns `policy` with what this says.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a value is not allowed
  public TenantPolicy changing(TenantPolicy policy) {
    EgressPolicy before = policy.egress();
    EgressPolicy after =
        egress == null
            ? before
            : new EgressPolicy(
                egress.allowedHosts == null
                    ? before.hosts()
                    : parsed("egress.allowedHosts", egress.allowedHosts, MAX_HOSTS, hostParser()),
                names("egress.methods", egress.methods, EgressPolicy.METHODS, before.methods()),
                names("egress.schemes", egress.schemes, EgressPolicy.SCHEMES, before.schemes()));
    return new TenantPolicy(
        capabilities == null
            ? policy.grants()
            : Grants.of(parsed("capabilities", capabilities, MAX_CAPABILITIES, Capability::new)),
        onMissing(policy.onMissing()),
        after);
  }

  private static Function<String, HostPattern> hostParser() {
    return HostPattern::parse;
  }

  private MissingCapability onMissing(MissingCapability before) {
    if (onMissingCapability == null) {
      return before;
    }
    MissingCapability named = MissingCapability.named(onMissingCapability);
    if (named == null) {
      throw Problem.invalid("onMissingCapability", onMissingCapability, "refuse or park")
          .asException();
    }
    return named;
  }

  private static Set<String> names(
      String field, @Nullable List<String> names, List<String> known, Set<String> before) {
    if (names == null) {
      return before;
    }
    for (String name : names) {
      if (!known.contains(name)) {
        throw Problem.invalid(field, name, "of " + String.join(", ", known)).asException();
      }
    }
    return Set.copyOf(names);
  }

  private static <T> List<T> parsed(
      String field, List<String> texts, int most, Function<String, T> parser) {
    if (texts.size() > most) {
      throw Problem.invalid(field, texts.size() + " entries", "at most " + most + " entries")
          .asException();
    }
    return texts.stream().map(text -> parsed(field, text, parser)).toList();
  }

  private static <T> T parsed(String field, @Nullable String text, Function<String, T> parser) {
    try {
      return parser.apply(text == null ? "" : text);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(field, text, "allowed: " + e.getMessage()).asException();
    }
  }
}
