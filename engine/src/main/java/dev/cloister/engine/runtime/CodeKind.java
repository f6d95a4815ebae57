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
  FUEL,
  /// As [#BASELINE], but looks by itself whether its store is to stop: for guests that have to be
  /// stopped again and again, see [StopHistory].
  POLLED;

  /// {@return whether the code looks by itself, at function entries and loop heads, whether its
  /// store is to stop; other code has to be made to look, see [StopSite]}
  ///
  /// Besides the kind that is made for it these are the slow ones, in which it does not matter.
  public boolean polls() {
    return this == POLLED || this == DEBUG || this == FUEL;
  }

  /// {@return whether an instance that was to run this kind may run [#POLLED] instead}
  public boolean isReplaceable() {
    return this == BASELINE || this == OPTIMIZED;
  }

  /// {@return the name of the kind, for people and command lines}
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
