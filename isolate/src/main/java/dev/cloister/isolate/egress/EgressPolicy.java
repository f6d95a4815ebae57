package dev.cloister.isolate.egress;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a tenant's guests may send requests; without hosts, nowhere. Immutable.
///
/// @param hosts the hosts
/// @param methods the methods
/// @param schemes of `http` and `https`
public record EgressPolicy(List<HostPattern> hosts, Set<String> methods, Set<String> schemes) {
  /// The methods that a policy can allow.
  public static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  /// The schemes that a policy can allow.
  public static final List<String> SCHEMES = List.of("http", "https");

  /// Nowhere.
  public static final EgressPolicy NONE =
      new EgressPolicy(List.of(), Set.copyOf(METHODS), Set.copyOf(SCHEMES));

  /// Copies the collections.
  public EgressPolicy {
    hosts = List.copyOf(hosts);
    methods = Set.copyOf(methods);
    schemes = Set.copyOf(schemes);
  }

  /// These hosts, with every method and both schemes.
  public static EgressPolicy allowing(String... hosts) {
    return new EgressPolicy(
        List.of(hosts).stream().map(HostPattern::parse).toList(), NONE.methods, NONE.schemes);
  }

  /// Why a request is not allowed, or null if it is.
  @Nullable String refusal(String method, Target target) {
    if (!schemes.contains(target.scheme())) {
      return "the scheme " + target.scheme() + " is not allowed; allowed are " + schemes;
    }
    if (!methods.contains(method)) {
      return "the method " + method + " is not allowed; allowed are " + methods;
    }
    for (HostPattern pattern : hosts) {
      if (pattern.matches(target.host(), target.port(), target.isDefaultPort())) {
        return null;
      }
    }
    return "requests to " + target.authority() + " are not allowed";
  }
}
