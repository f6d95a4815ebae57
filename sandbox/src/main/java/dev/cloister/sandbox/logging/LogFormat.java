package dev.cloister.sandbox.logging;

/// The form of the server's own log.
public enum LogFormat {
  /// Lines of `key=value`.
  TEXT,
  /// Lines of JSON, each an object.
  JSON
}
