package dev.cloister.sandbox.wast;

import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import java.nio.file.Path;

/// Which features a script may use: WebAssembly 3.0, threads and the legacy exception encoding, as
/// far as the engine has them, and in a folder `proposals/X` those of proposal X as well.
final class ScriptFeatures {
  private static final String PROPOSALS = "proposals";
  private static final WasmFeatures EVERYWHERE = everywhere();

  private ScriptFeatures() {}

  /// The features for a script, by the folders it lies in.
  static WasmFeatures of(Path script) {
    WasmFeatures features = EVERYWHERE;
    Path absolute = script.toAbsolutePath().normalize();
    for (int i = 0; i + 1 < absolute.getNameCount(); i++) {
      if (absolute.getName(i).toString().equals(PROPOSALS)) {
        WasmFeature proposal = WasmFeature.ofId(absolute.getName(i + 1).toString());
        if (proposal != null) {
          features = features.with(proposal);
        }
      }
    }
    return features;
  }

  private static WasmFeatures everywhere() {
    WasmFeatures wanted =
        WasmFeatures.WASM_3.with(WasmFeature.THREADS, WasmFeature.LEGACY_EXCEPTIONS);
    WasmFeatures features = WasmFeatures.supported();
    for (WasmFeature feature : WasmFeature.values()) {
      if (!wanted.has(feature)) {
        features = features.without(feature);
      }
    }
    return features;
  }
}
