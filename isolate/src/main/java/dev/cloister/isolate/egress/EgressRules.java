package dev.cloister.isolate.egress;

/// What holds for the requests of one plugin, and who is told of them. Any thread, never blocking.
public interface EgressRules {
  /// The policy that holds now.
  EgressPolicy policy();

  /// Counts a request against the tenant's `egressRequestsPerSecond`.
  ///
  /// @return 0 if it may be sent, else the nanoseconds after which another may
  long take();

  /// Notes how a request ended.
  void ended(EgressRecord request);
}
