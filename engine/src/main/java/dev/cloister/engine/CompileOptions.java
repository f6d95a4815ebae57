package dev.cloister.engine;

import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import org.jspecify.annotations.Nullable;

/// What a compilation is told besides the bytes. Whoever exceeds one of the limits gets a
/// [dev.cloister.engine.error.LimitExceededException] that calls it by the name given here.
///
/// @param tag what the embedder calls the module, to find its compilations again; null for nothing
/// @param maxFunctions `functionsPerModule`: the most own functions
/// @param maxTypes `typesPerModule`: the most types
/// @param maxMillis `compileMillis`: the most processor time that the compilation may take
public record CompileOptions(
    @Nullable String tag, long maxFunctions, long maxTypes, long maxMillis) {
  private static final CompileOptions DEFAULTS =
      new CompileOptions(null, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

  /// Checks the limits.
  public CompileOptions {
    if (maxFunctions < 0 || maxTypes < 0 || maxMillis < 0) {
      throw new IllegalArgumentException(
          "limits must not be negative: " + maxFunctions + ", " + maxTypes + ", " + maxMillis);
    }
  }

  /// {@return no tag, and the engine's limits}
  public static CompileOptions defaults() {
    return DEFAULTS;
  }

  /// {@return these options with another tag}
  public CompileOptions withTag(@Nullable String newTag) {
    return new CompileOptions(newTag, maxFunctions, maxTypes, maxMillis);
  }

  /// {@return these options with other limits}
  public CompileOptions withLimits(long functions, long types, long millis) {
    return new CompileOptions(tag, functions, types, millis);
  }

  /// Lowers the engine's limits.
  WasmLimits lower(WasmLimits limits) {
    return limits
        .atMost(WasmLimit.FUNCTIONS, maxFunctions, "functionsPerModule")
        .atMost(WasmLimit.TYPES, maxTypes, "typesPerModule");
  }
}
