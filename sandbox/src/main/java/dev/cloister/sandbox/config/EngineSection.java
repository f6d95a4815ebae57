package dev.cloister.sandbox.config;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.runtime.TierPolicy;

/// The section `engine`: compiling and running plugins.
///
/// @param guestThreads how many calls run at once; 0 is twice the number of processors
/// @param uploadThreads how many uploads are decoded at once; 0 is the number of processors
/// @param warmUp whether live versions are compiled at start, before somebody calls them
/// @param onDemandVersions how many versions that no alias names a tenant may keep compiled
/// @param tierUp whether functions that are hot get better code by themselves
/// @param codeBytes the class files of generated code that there may be, in bytes
public record EngineSection(
    int guestThreads,
    int uploadThreads,
    boolean warmUp,
    int onDemandVersions,
    boolean tierUp,
    long codeBytes) {
  private static final int MAX_THREADS = 1_024;
  private static final int DEFAULT_ON_DEMAND = 4;
  private static final long DEFAULT_CODE_BYTES = 1L << 30;
  private static final long MIN_CODE_BYTES = 1L << 20;
  private static final long MAX_CODE_BYTES = 1L << 40;

  static EngineSection from(ConfigSection section) {
    EngineSection config =
        new EngineSection(
            (int) section.number("guestThreads", 0, 0, MAX_THREADS),
            (int) section.number("uploadThreads", 0, 0, MAX_THREADS),
            section.flag("warmUp", true),
            (int) section.number("onDemandVersions", DEFAULT_ON_DEMAND, 1, MAX_THREADS),
            section.flag("tierUp", true),
            section.sizeBytes("codeBytes", DEFAULT_CODE_BYTES, MIN_CODE_BYTES, MAX_CODE_BYTES));
    section.end();
    return config;
  }

  /// {@return the settings of the engine that this section has}
  public EngineConfig engineConfig() {
    return EngineConfig.defaults().toBuilder()
        .tiers(tierUp ? TierPolicy.automatic() : TierPolicy.onRequest())
        .codeBytes(codeBytes)
        .build();
  }
}
