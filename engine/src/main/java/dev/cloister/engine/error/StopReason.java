package dev.cloister.engine.error;

/// Why running guest code was stopped from outside.
public enum StopReason {
  /// The call ran longer than it may.
  DEADLINE("deadline exceeded"),
  /// The caller no longer wants the result.
  CANCELLED("cancelled"),
  /// The call used more CPU time than it may.
  CPU_TIME("CPU time exceeded"),
  /// The isolate that owns the instance was removed.
  DISPOSED("disposed");

  private final String text;

  StopReason(String text) {
    this.text = text;
  }

  /// Returns the reason in words.
  public String text() {
    return text;
  }
}
