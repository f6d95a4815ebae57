package dev.cloister.engine.feature;

import static dev.cloister.engine.feature.WasmFeature.BULK_MEMORY;
import static dev.cloister.engine.feature.WasmFeature.CORE;
import static dev.cloister.engine.feature.WasmFeature.EXCEPTIONS;
import static dev.cloister.engine.feature.WasmFeature.EXTENDED_CONST;
import static dev.cloister.engine.feature.WasmFeature.GC;
import static dev.cloister.engine.feature.WasmFeature.MEMORY64;
import static dev.cloister.engine.feature.WasmFeature.MULTI_MEMORY;
import static dev.cloister.engine.feature.WasmFeature.MULTI_VALUE;
import static dev.cloister.engine.feature.WasmFeature.MUTABLE_GLOBALS;
import static dev.cloister.engine.feature.WasmFeature.REFERENCE_TYPES;
import static dev.cloister.engine.feature.WasmFeature.RELAXED_SIMD;
import static dev.cloister.engine.feature.WasmFeature.SATURATING_FLOAT_TO_INT;
import static dev.cloister.engine.feature.WasmFeature.SIGN_EXTENSION;
import static dev.cloister.engine.feature.WasmFeature.SIMD;
import static dev.cloister.engine.feature.WasmFeature.TAIL_CALL;
import static dev.cloister.engine.feature.WasmFeature.TYPED_FUNCTION_REFERENCES;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// An immutable set of features. It always holds [WasmFeature#CORE], and with each feature those
/// that it cannot be used without.
public final class WasmFeatures {

  /// The first release and nothing else.
  public static final WasmFeatures WASM_1 = new WasmFeatures(CORE.bit()).with(MUTABLE_GLOBALS);

  /// WebAssembly 2.0.
  public static final WasmFeatures WASM_2 =
      WASM_1.with(
          SIGN_EXTENSION, SATURATING_FLOAT_TO_INT, MULTI_VALUE, BULK_MEMORY, REFERENCE_TYPES, SIMD);

  /// WebAssembly 3.0.
  public static final WasmFeatures WASM_3 =
      WASM_2.with(
          EXTENDED_CONST,
          TAIL_CALL,
          TYPED_FUNCTION_REFERENCES,
          GC,
          EXCEPTIONS,
          MULTI_MEMORY,
          MEMORY64,
          RELAXED_SIMD);

  /// Everything that the engine knows, and executes.
  public static final WasmFeatures ALL = WASM_1.with(WasmFeature.values());

  private final long bits;

  private WasmFeatures(long bits) {
    this.bits = bits;
  }

  /// Returns whether the set holds `feature`.
  public boolean has(WasmFeature feature) {
    return (bits & feature.bit()) != 0;
  }

  /// Returns whether the set holds all of `features`.
  public boolean hasAll(WasmFeatures features) {
    return (features.bits & ~bits) == 0;
  }

  /// Returns this set with `features` and what they imply.
  public WasmFeatures with(WasmFeature... features) {
    long sum = bits;
    for (WasmFeature feature : features) {
      sum |= feature.bitsWithImplied();
    }
    return new WasmFeatures(sum);
  }

  /// Returns this set without `features` and without those that imply them.
  public WasmFeatures without(WasmFeature... features) {
    long removed = 0;
    for (WasmFeature feature : features) {
      if (feature == CORE) {
        throw new IllegalArgumentException("feature core cannot be switched off");
      }
      removed |= feature.bit();
    }
    long rest = bits;
    for (WasmFeature feature : WasmFeature.values()) {
      if ((feature.bitsWithImplied() & removed) != 0) {
        rest &= ~feature.bit();
      }
    }
    return new WasmFeatures(rest);
  }

  /// Returns a number that is equal exactly for equal sets, within one release of the engine.
  public long bits() {
    return bits;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WasmFeatures features && bits == features.bits;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(bits);
  }

  /// Returns the ids of the features, separated by commas.
  @Override
  public String toString() {
    return Arrays.stream(WasmFeature.values())
        .filter(this::has)
        .map(WasmFeature::id)
        .collect(Collectors.joining(","));
  }
}
