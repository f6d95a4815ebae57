package dev.cloister.isolate.host;

/// How much a line of a plugin's log matters, the least first.
public enum LogLevel {
  /// Every step.
  TRACE("trace"),
  /// For who looks for a fault.
  DEBUG("debug"),
  /// What happens.
  INFO("info"),
  /// What should not happen.
  WARN("warn"),
  /// What went wrong.
  ERROR("error");

  private final String label;

  LogLevel(String label) {
    this.label = label;
  }

  /// The name in logs.
  public String label() {
    return label;
  }
}
