package dev.cloister.engine.code;

import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.runtime.CodeKind;

/// Which code of a module is to be removed (V8 `RemoveFilter`).
///
/// The unit is an image, since the JVM unloads nothing smaller: one with optimized functions counts
/// as optimized, although its other functions are baseline code.
public enum CodeFilter {
  /// What debuggers look into.
  DEBUG,
  /// All but that.
  NON_DEBUG,
  /// What was made in a single pass.
  BASELINE,
  /// What was made with an analysis of whole functions, at least of some.
  OPTIMIZED,
  /// Everything.
  ALL;

  /// {@return whether images with these tiers are removed}
  boolean matches(FunctionTiers tiers) {
    boolean isDebug = tiers.kind() == CodeKind.DEBUG;
    boolean isOptimized = !tiers.isUniform() || tiers.kind() == CodeKind.OPTIMIZED;
    return switch (this) {
      case DEBUG -> isDebug;
      case NON_DEBUG -> !isDebug;
      case BASELINE -> !isDebug && !isOptimized;
      case OPTIMIZED -> isOptimized;
      case ALL -> true;
    };
  }
}
