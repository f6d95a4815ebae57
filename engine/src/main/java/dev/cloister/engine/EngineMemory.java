package dev.cloister.engine;

import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.types.TypeCanonicalizer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// An estimate of what the engine itself keeps on the heap (V8 `EstimateCurrentMemoryConsumption`):
/// not generated code, which the JVM keeps elsewhere, nor what instances hold. Each byte is counted
/// once.
///
/// @param wireBytes the modules that isolates use, as they came
/// @param metadataBytes what is kept of these modules besides, but for their types
/// @param isolateBytes isolates and their references
/// @param jobBytes compilations, with the bytes that have come
/// @param cacheBytes what finds modules by content, and the faults of a moment ago
/// @param typeBytes the types of all modules, equal ones once
public record EngineMemory(
    long wireBytes,
    long metadataBytes,
    long isolateBytes,
    long jobBytes,
    long cacheBytes,
    long typeBytes) {
  // What small objects take on a JVM with compressed references, with their share of a table.
  private static final long ISOLATE_BYTES = 400;
  private static final long HANDLE_BYTES = 250;
  private static final long JOB_BYTES = 3_000;
  private static final long CACHE_ENTRY_BYTES = 300;
  private static final long FAULT_BYTES = 2_000;

  static EngineMemory of(
      Collection<NativeModule> modules,
      SharedModules shared,
      NativeModuleCache.Size cache,
      int faults,
      List<CompileJobInfo> jobs) {
    long wireBytes = 0;
    long metadataBytes = 0;
    for (NativeModule module : modules) {
      WasmModule decoded = module.module();
      wireBytes += decoded.wireBytes().size();
      metadataBytes += decoded.metadataBytes() - (long) WasmModule.TYPE_BYTES * decoded.typeCount();
    }
    long jobBytes = 0;
    for (CompileJobInfo job : jobs) {
      jobBytes += JOB_BYTES + job.receivedBytes();
    }
    return new EngineMemory(
        wireBytes,
        metadataBytes,
        shared.isolateCount() * ISOLATE_BYTES + shared.handleCount() * HANDLE_BYTES,
        jobBytes,
        (long) cache.modules() * CACHE_ENTRY_BYTES + faults * FAULT_BYTES,
        TypeCanonicalizer.shared().typeCount() * WasmModule.TYPE_BYTES);
  }

  /// {@return the sum}
  public long total() {
    return wireBytes + metadataBytes + isolateBytes + jobBytes + cacheBytes + typeBytes;
  }

  /// {@return the parts by name, and their sum as `total`}
  public Map<String, Long> toMap() {
    Map<String, Long> map = new LinkedHashMap<>();
    map.put("total", total());
    map.put("modules", wireBytes);
    map.put("metadata", metadataBytes);
    map.put("isolates", isolateBytes);
    map.put("compileJobs", jobBytes);
    map.put("cache", cacheBytes);
    map.put("types", typeBytes);
    return map;
  }
}
