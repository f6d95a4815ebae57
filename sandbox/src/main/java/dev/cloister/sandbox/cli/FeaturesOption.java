package dev.cloister.sandbox.cli;

import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option `--features`: what is switched on and off against the defaults.
final class FeaturesOption {
  /// What decides whether a module is valid, unless it is changed: WebAssembly 3.0, threads and the
  /// legacy exception encoding, whether or not this engine can run all of it.
  static final WasmFeatures VALID =
      WasmFeatures.WASM_3.with(WasmFeature.THREADS, WasmFeature.LEGACY_EXCEPTIONS);

  @Option(
      names = "--features",
      paramLabel = "+X,-Y",
      description = "Features to switch on (+) and off (-).")
  private @Nullable String changes;

  /// `defaults` with the changes applied from left to right.
  ///
  /// @throws CommandFailure if a word is no change or names no feature
  WasmFeatures applyTo(WasmFeatures defaults) {
    WasmFeatures features = defaults;
    String text = changes;
    if (text == null) {
      return features;
    }
    for (String change : text.split(",", -1)) {
      if (change.isEmpty() || "+-".indexOf(change.charAt(0)) < 0) {
        throw CommandFailure.usage("--features: '" + change + "' is neither +FEATURE nor -FEATURE");
      }
      WasmFeature feature = WasmFeature.ofId(change.substring(1));
      if (feature == null) {
        throw CommandFailure.usage(
            "--features: unknown feature '" + change.substring(1) + "'; there are " + known());
      }
      if (feature == WasmFeature.CORE) {
        throw CommandFailure.usage("--features: core cannot be changed");
      }
      features = change.startsWith("+") ? features.with(feature) : features.without(feature);
    }
    return features;
  }

  private static String known() {
    return Arrays.stream(WasmFeature.values())
        .filter(feature -> feature != WasmFeature.CORE)
        .map(WasmFeature::id)
        .collect(Collectors.joining(", "));
  }
}
