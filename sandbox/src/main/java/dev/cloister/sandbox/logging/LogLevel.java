package dev.cloister.sandbox.logging;

/// How much the server's own log has, from the least to the most.
public enum LogLevel {
  /// What a person must act on.
  ERROR,
  /// What a person should know.
  WARN,
  /// What happens to the server as a whole.
  INFO,
  /// What helps to find a fault.
  DEBUG
}
