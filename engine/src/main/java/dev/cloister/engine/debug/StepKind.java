package dev.cloister.engine.debug;

/// How far a guest goes on before it pauses again.
public enum StepKind {
  /// To the next position, wherever that is.
  INTO,
  /// To the next position of the same function or, behind its end, of a caller.
  OVER,
  /// To the next position of a caller.
  OUT
}
