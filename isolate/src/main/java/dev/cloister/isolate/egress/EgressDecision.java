package dev.cloister.isolate.egress;

/// What became of a request of a guest.
public enum EgressDecision {
  /// It was sent and answered.
  ALLOWED("allowed"),
  /// The policy, or an address that must not be reached, forbade it.
  DENIED("denied"),
  /// The tenant sent too many within a second.
  RATE_LIMITED("rate-limited"),
  /// It was allowed, but there was no answer that could be given to the guest.
  FAILED("failed");

  private final String label;

  EgressDecision(String label) {
    this.label = label;
  }

  /// The name in logs and metrics.
  public String label() {
    return label;
  }
}
