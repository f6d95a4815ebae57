package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.Map;

/// A tenant as it is stored.
///
/// @param name the tenant
/// @param state whether it can be called
/// @param limits the limits set for this tenant alone, by public name; the others have defaults
/// @param createdAt when it was created
public record TenantRecord(
    TenantName name, TenantState state, Map<String, Long> limits, Instant createdAt) {

  /// Copies the limits.
  public TenantRecord {
    limits = Map.copyOf(limits);
  }

  /// Returns this tenant in another state.
  public TenantRecord withState(TenantState newState) {
    return new TenantRecord(name, newState, limits, createdAt);
  }

  /// Returns this tenant with other limits of its own.
  public TenantRecord withLimits(Map<String, Long> newLimits) {
    return new TenantRecord(name, state, newLimits, createdAt);
  }
}
