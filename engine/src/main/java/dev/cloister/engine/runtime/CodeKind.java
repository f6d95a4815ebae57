package dev.cloister.engine.runtime;

import java.util.Locale;

/// How the code of an image is made. All kinds compute the same, and agree on names and calling
/// convention, so frames of different kinds may be on one stack.
public enum CodeKind {
  /// Made in a single pass: what instances run unless told otherwise.
  BASELINE,
  /// Made with an analysis of the whole function.
  OPTIMIZED,
  /// Keeps its locals and operands in a [DebugFrame] and can be stopped at any position.
  DEBUG,
  /// Counts what it executes; see [Fuel].
  FUEL;

  /// {@return the name of the kind, for people and command lines}
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
