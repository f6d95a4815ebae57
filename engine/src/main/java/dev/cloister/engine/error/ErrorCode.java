package dev.cloister.engine.error;

/// The kind of a fault, stable across releases: programs tell faults apart by it.
public enum ErrorCode {
  /// The bytes do not follow the binary format.
  MALFORMED,
  /// The module decodes, but breaks a validation rule.
  INVALID,
  /// An import is missing or has another type.
  UNLINKABLE,
  /// Execution ended in a trap.
  TRAP,
  /// A limit was reached.
  LIMIT,
  /// Execution was stopped from outside.
  STOPPED,
  /// An exception left the outermost Wasm frame.
  UNCAUGHT_EXCEPTION
}
