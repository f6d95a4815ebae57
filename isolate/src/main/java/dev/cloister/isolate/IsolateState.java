package dev.cloister.isolate;

/// Whether a tenant's calls are admitted.
public enum IsolateState {
  /// Calls are admitted.
  ACTIVE,
  /// Calls in flight go on, new ones are refused.
  SUSPENDED,
  /// The tenant is being removed or is gone; its calls were stopped.
  DISPOSED
}
