package dev.cloister.sandbox.config;

import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;

/// The section `engine`: compiling and running plugins.
///
/// @param guestThreads how many calls run at once; 0 is twice the number of processors
/// @param uploadThreads how many uploads are decoded at once; 0 is the number of processors
/// @param warmUp whether live versions are compiled at start, before somebody calls them
/// @param onDemandVersions how many versions that no alias names a tenant may keep compiled
/// @param tierUp whether functions that are hot get better code by themselves
/// @param codeBytes the class files of generated code that there may be, in bytes
/// @param compileJobs how many modules may be on their way into the compiler at once
/// @param moduleLimits what every module must keep, whatever its tenant may have
/// @param persistedCodeBytes the most compiled code that is kept in the data folder, so that it
///   need not be generated again after a restart; 0 keeps none
/// @param traceFile where each event of the engine becomes a line; empty for nowhere
/// @param gdbPort where debuggers may connect, on the loopback interface and without a key; 0 is
///   nowhere
public record EngineSection(
    int guestThreads,
    int uploadThreads,
    boolean warmUp,
    int onDemandVersions,
    boolean tierUp,
    long codeBytes,
    int compileJobs,
    WasmLimits moduleLimits,
    long persistedCodeBytes,
    String traceFile,
    int gdbPort) {
  private static final int MAX_PORT = 65_535;
  private static final int MAX_THREADS = 1_024;
  private static final int DEFAULT_ON_DEMAND = 4;
  private static final long DEFAULT_CODE_BYTES = 1L << 30;
  private static final long MIN_CODE_BYTES = 1L << 20;
  private static final long MAX_CODE_BYTES = 1L << 40;
  private static final int DEFAULT_COMPILE_JOBS = 1_024;
  private static final int MAX_COMPILE_JOBS = 100_000;
  private static final long DEFAULT_PERSISTED_BYTES = 1L << 30;
  private static final long MAX_PERSISTED_BYTES = 1L << 50;

  static EngineSection from(ConfigSection section) {
    EngineSection config =
        new EngineSection(
            (int) section.number("guestThreads", 0, 0, MAX_THREADS),
            (int) section.number("uploadThreads", 0, 0, MAX_THREADS),
            section.flag("warmUp", true),
            (int) section.number("onDemandVersions", DEFAULT_ON_DEMAND, 1, MAX_THREADS),
            section.flag("tierUp", true),
            section.sizeBytes("codeBytes", DEFAULT_CODE_BYTES, MIN_CODE_BYTES, MAX_CODE_BYTES),
            (int) section.number("compileJobs", DEFAULT_COMPILE_JOBS, 1, MAX_COMPILE_JOBS),
            moduleLimits(section.section("moduleLimits")),
            section.sizeBytes("persistedCode", DEFAULT_PERSISTED_BYTES, 0, MAX_PERSISTED_BYTES),
            section.optionalText("traceFile"),
            (int) section.number("gdbPort", 0, 0, MAX_PORT));
    section.end();
    return config;
  }

  /// Returns this section with other limits of modules.
  public EngineSection withModuleLimits(WasmLimits newLimits) {
    return new EngineSection(
        guestThreads,
        uploadThreads,
        warmUp,
        onDemandVersions,
        tierUp,
        codeBytes,
        compileJobs,
        newLimits,
        persistedCodeBytes,
        traceFile,
        gdbPort);
  }

  /// Returns this section with another port for debuggers.
  public EngineSection withGdbPort(int port) {
    return new EngineSection(
        guestThreads,
        uploadThreads,
        warmUp,
        onDemandVersions,
        tierUp,
        codeBytes,
        compileJobs,
        moduleLimits,
        persistedCodeBytes,
        traceFile,
        port);
  }

  private static WasmLimits moduleLimits(ConfigSection section) {
    WasmLimits limits = WasmLimits.defaults();
    for (WasmLimit limit : WasmLimit.values()) {
      long standard = limit.standard();
      long value =
          limit.isBytes()
              ? section.sizeBytes(limit.key(), standard, 0, standard)
              : section.number(limit.key(), standard, 0, standard);
      limits = limits.with(limit, value);
    }
    section.end();
    return limits;
  }
}
