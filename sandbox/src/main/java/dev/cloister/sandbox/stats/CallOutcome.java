package dev.cloister.sandbox.stats;

/// How a call ended, as far as it is counted.
public enum CallOutcome {
  /// With a result, or with exit code 0.
  OK("ok"),
  /// With a trap or an exception that the guest did not catch.
  TRAP("trap"),
  /// At a limit of the tenant.
  LIMIT("limit"),
  /// At its deadline.
  DEADLINE("deadline"),
  /// With an exit code other than 0, or an error that the plugin reported.
  EXIT("exit"),
  /// Refused, because there were too many calls at once or too often.
  RATE_LIMITED("rateLimited"),
  /// Refused, because too many calls were waiting.
  OVERLOADED("overloaded"),
  /// Refused, because the plugin crashed again and again.
  CRASH_LOOP("crashLoop"),
  /// Refused or failed for any other reason.
  ERROR("error");

  private final String label;

  CallOutcome(String label) {
    this.label = label;
  }

  /// Returns whether such calls began: the others cost nothing and are not billed.
  public boolean isAdmitted() {
    return this != RATE_LIMITED && this != OVERLOADED;
  }

  /// Returns the public name.
  public String label() {
    return label;
  }
}
