package dev.cloister.sandbox.wast;

import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import java.nio.file.Path;

/// Which features a script may use: WebAssembly 3.0, threads and the legacy exception encoding, and
/// in a folder `proposals/X` those of proposal X as well.
///
/// @param valid what decides whether a module is valid
/// @param executable the part of it that the engine is asked to run
record ScriptFeatures(WasmFeatures valid, WasmFeatures executable) {
  private static final String PROPOSALS = "proposals";
  private static final WasmFeatures EVERYWHERE =
      WasmFeatures.WASM_3.with(WasmFeature.THREADS, WasmFeature.LEGACY_EXCEPTIONS);

  /// The features for a script, by the folders it lies in.
  ///
  /// @param supported what the engine runs without being asked for more
  static ScriptFeatures of(Path script, WasmFeatures supported) {
    WasmFeatures valid = EVERYWHERE;
    WasmFeatures executable = intersection(EVERYWHERE, supported);
    Path absolute = script.toAbsolutePath().normalize();
    for (int i = 0; i + 1 < absolute.getNameCount(); i++) {
      if (absolute.getName(i).toString().equals(PROPOSALS)) {
        WasmFeature proposal = WasmFeature.ofId(absolute.getName(i + 1).toString());
        if (proposal != null && !valid.has(proposal)) {
          valid = valid.with(proposal);
          executable = executable.with(proposal);
        }
      }
    }
    return new ScriptFeatures(valid, executable);
  }

  private static WasmFeatures intersection(WasmFeatures first, WasmFeatures second) {
    WasmFeatures features = first;
    for (WasmFeature feature : WasmFeature.values()) {
      if (!second.has(feature)) {
        features = features.without(feature);
      }
    }
    return features;
  }
}
