package dev.cloister.engine;

import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.VectorUse;

/// The settings of an engine.
///
/// @param features what modules may use; others are refused with a clear error
/// @param limits the implementation limits that modules are held to
/// @param compileThreads the threads that generate code, at least 1
/// @param codeKind the kind of code that instances run until they are switched to another one
/// @param methodBytes the bytecode that a function is estimated at, in bytes, from which it becomes
///   several JVM methods; small values are for tests
/// @param vectorUse where optimized code keeps vectors in registers
/// @param stops how running guests are stopped
/// @param idleMemoryBytes the most bytes of linear memories that are kept, cleared, for instances
///   to come; the JVM takes them back when its heap gets short
public record EngineConfig(
    WasmFeatures features,
    WasmLimits limits,
    int compileThreads,
    CodeKind codeKind,
    int methodBytes,
    VectorUse vectorUse,
    StopPolicy stops,
    long idleMemoryBytes) {
  private static final long MAX_IDLE_MEMORY_BYTES = 128L << 20;

  /// What part of the heap idle memories may take.
  private static final int IDLE_MEMORY_SHARE = 16;

  /// Checks the settings.
  public EngineConfig {
    if (compileThreads < 1) {
      throw new IllegalArgumentException("compileThreads must be at least 1, is " + compileThreads);
    }
    if (idleMemoryBytes < 0) {
      throw new IllegalArgumentException(
          "idleMemoryBytes must not be negative, is " + idleMemoryBytes);
    }
  }

  /// {@return all that the engine can do, one compile thread for each processor}
  public static EngineConfig defaults() {
    return new EngineConfig(
        WasmFeatures.ALL,
        WasmLimits.defaults(),
        Runtime.getRuntime().availableProcessors(),
        CodeKind.BASELINE,
        ModulePlan.METHOD_BYTES,
        VectorUse.WORTHWHILE,
        StopPolicy.defaults(),
        Math.min(MAX_IDLE_MEMORY_BYTES, Runtime.getRuntime().maxMemory() / IDLE_MEMORY_SHARE));
  }

  /// {@return these settings with other features}
  public EngineConfig withFeatures(WasmFeatures changed) {
    return new EngineConfig(
        changed, limits, compileThreads, codeKind, methodBytes, vectorUse, stops, idleMemoryBytes);
  }

  /// {@return these settings with other limits}
  public EngineConfig withLimits(WasmLimits changed) {
    return new EngineConfig(
        features,
        changed,
        compileThreads,
        codeKind,
        methodBytes,
        vectorUse,
        stops,
        idleMemoryBytes);
  }

  /// {@return these settings with code of another kind}
  public EngineConfig withCodeKind(CodeKind changed) {
    return new EngineConfig(
        features, limits, compileThreads, changed, methodBytes, vectorUse, stops, idleMemoryBytes);
  }

  /// {@return these settings with functions divided from another size on}
  public EngineConfig withMethodBytes(int changed) {
    return new EngineConfig(
        features, limits, compileThreads, codeKind, changed, vectorUse, stops, idleMemoryBytes);
  }

  /// {@return these settings with another use of vector registers}
  public EngineConfig withVectorUse(VectorUse changed) {
    return new EngineConfig(
        features, limits, compileThreads, codeKind, methodBytes, changed, stops, idleMemoryBytes);
  }

  /// {@return these settings with guests stopped in another way}
  public EngineConfig withStops(StopPolicy changed) {
    return new EngineConfig(
        features,
        limits,
        compileThreads,
        codeKind,
        methodBytes,
        vectorUse,
        changed,
        idleMemoryBytes);
  }

  /// {@return these settings with another bound on idle memories}
  public EngineConfig withIdleMemoryBytes(long changed) {
    return new EngineConfig(
        features, limits, compileThreads, codeKind, methodBytes, vectorUse, stops, changed);
  }
}
