package dev.cloister.sandbox.services;

import dev.cloister.isolate.egress.EgressPolicy;
import dev.cloister.isolate.egress.HostPattern;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a tenant's plugins may do. Immutable.
///
/// @param grants the capabilities
/// @param onMissing what becomes of an upload that needs more
/// @param egress where requests may go
public record TenantPolicy(Grants grants, MissingCapability onMissing, EgressPolicy egress) {

  /// Nothing but computing; uploads that need more are refused.
  public static final TenantPolicy NOTHING =
      new TenantPolicy(Grants.NONE, MissingCapability.REFUSE, EgressPolicy.NONE);

  /// Returns what of `wanted` is within this policy: what holds for a tenant that wants so much and
  /// is allowed this. Who decides about uploads is in `wanted` only if it is stricter.
  public TenantPolicy limit(TenantPolicy wanted) {
    return new TenantPolicy(
        grants.and(wanted.grants),
        onMissing == MissingCapability.REFUSE ? onMissing : wanted.onMissing,
        new EgressPolicy(
            wanted.egress.hosts().stream().filter(this::covers).toList(),
            both(egress.methods(), wanted.egress.methods()),
            both(egress.schemes(), wanted.egress.schemes())));
  }

  /// Returns what `wanted` has beyond this policy, in words, or null if it is within it.
  public @Nullable String excess(TenantPolicy wanted) {
    SortedSet<Capability> capabilities = grants.missing(wanted.grants.capabilities());
    if (!capabilities.isEmpty()) {
      return "capabilities " + capabilities;
    }
    List<HostPattern> hosts = wanted.egress.hosts().stream().filter(host -> !covers(host)).toList();
    if (!hosts.isEmpty()) {
      return "egress.allowedHosts " + hosts;
    }
    Set<String> methods = beyond(wanted.egress.methods(), egress.methods());
    if (!methods.isEmpty()) {
      return "egress.methods " + methods;
    }
    Set<String> schemes = beyond(wanted.egress.schemes(), egress.schemes());
    if (!schemes.isEmpty()) {
      return "egress.schemes " + schemes;
    }
    // To be asked is more than to be refused.
    return onMissing == MissingCapability.REFUSE && wanted.onMissing == MissingCapability.PARK
        ? "onMissingCapability " + wanted.onMissing.label()
        : null;
  }

  /// Returns this policy with more capabilities.
  public TenantPolicy granting(Collection<Capability> more) {
    Set<Capability> all = new TreeSet<>(grants.capabilities());
    all.addAll(more);
    return new TenantPolicy(Grants.of(all), onMissing, egress);
  }

  private boolean covers(HostPattern wanted) {
    return egress.hosts().stream().anyMatch(allowed -> allowed.covers(wanted));
  }

  private static Set<String> both(Set<String> allowed, Set<String> wanted) {
    return allowed.stream().filter(wanted::contains).collect(Collectors.toUnmodifiableSet());
  }

  private static Set<String> beyond(Set<String> wanted, Set<String> allowed) {
    Set<String> beyond = new TreeSet<>(wanted);
    beyond.removeAll(allowed);
    return beyond;
  }
}
