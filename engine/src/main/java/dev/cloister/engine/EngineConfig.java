package dev.cloister.engine;

import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;

/// The settings of an engine.
///
/// @param features what modules may use; others are refused with a clear error
/// @param limits the implementation limits that modules are held to
/// @param compileThreads the threads that generate code, at least 1
/// @param secondImage whether modules run a second code image from the start: for tests
public record EngineConfig(
    WasmFeatures features, WasmLimits limits, int compileThreads, boolean secondImage) {
  /// Checks the settings.
  public EngineConfig {
    if (compileThreads < 1) {
      throw new IllegalArgumentException("compileThreads must be at least 1, is " + compileThreads);
    }
  }

  /// {@return all that the engine can do, one compile thread for each processor}
  public static EngineConfig defaults() {
    return new EngineConfig(
        WasmFeatures.supported(),
        WasmLimits.defaults(),
        Runtime.getRuntime().availableProcessors(),
        /* secondImage= */ false);
  }

  /// {@return these settings with other features}
  public EngineConfig withFeatures(WasmFeatures changed) {
    return new EngineConfig(changed, limits, compileThreads, secondImage);
  }

  /// {@return these settings with other limits}
  public EngineConfig withLimits(WasmLimits changed) {
    return new EngineConfig(features, changed, compileThreads, secondImage);
  }

  /// {@return these settings, with modules running a second code image or not}
  public EngineConfig withSecondImage(boolean changed) {
    return new EngineConfig(features, limits, compileThreads, changed);
  }
}
