package dev.cloister.engine.bytecode;

/// The three forms of a block type (Spec 5.4.1).
public enum BlockKind {
  /// No parameters, no results.
  EMPTY,
  /// No parameters, one result.
  VALUE,
  /// The parameters and results of a function type.
  TYPE_INDEX
}
