package dev.cloister.engine.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class WasmFeaturesTest {

  @Test
  void releases_growMonotonically() {
    assertThat(WasmFeatures.WASM_2.hasAll(WasmFeatures.WASM_1)).isTrue();
    assertThat(WasmFeatures.WASM_3.hasAll(WasmFeatures.WASM_2)).isTrue();
    assertThat(WasmFeatures.ALL.hasAll(WasmFeatures.WASM_3)).isTrue();
    assertThat(WasmFeatures.WASM_1.hasAll(WasmFeatures.WASM_2)).isFalse();
    assertThat(WasmFeatures.ALL.hasAll(WasmFeatures.ALL)).isTrue();
  }

  @Test
  void with_bringsWhatTheFeatureNeeds() {
    WasmFeatures features = WasmFeatures.WASM_1.with(WasmFeature.GC);
    assertThat(features.has(WasmFeature.TYPED_FUNCTION_REFERENCES)).isTrue();
    assertThat(features.has(WasmFeature.REFERENCE_TYPES)).isTrue();
    assertThat(features.has(WasmFeature.SIMD)).isFalse();
  }

  @Test
  void without_takesWhatNeedsTheFeature() {
    WasmFeatures features = WasmFeatures.WASM_3.without(WasmFeature.REFERENCE_TYPES);
    assertThat(features.has(WasmFeature.GC)).isFalse();
    assertThat(features.has(WasmFeature.EXCEPTIONS)).isFalse();
    assertThat(features.has(WasmFeature.SIMD)).isTrue();
  }

  @Test
  void core_cannotBeSwitchedOff() {
    assertThatThrownBy(() -> WasmFeatures.ALL.without(WasmFeature.CORE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void equalSets_areEqual() {
    WasmFeatures one = WasmFeatures.WASM_1.with(WasmFeature.SIMD).with(WasmFeature.TAIL_CALL);
    WasmFeatures other = WasmFeatures.WASM_1.with(WasmFeature.TAIL_CALL, WasmFeature.SIMD);
    assertThat(one).isEqualTo(other).hasSameHashCodeAs(other).hasToString(other.toString());
    assertThat(one.bits()).isEqualTo(other.bits());
    assertThat(one).isNotEqualTo(WasmFeatures.WASM_1);
  }

  @Test
  void ids_areTheNamesOfTheProposals() {
    for (WasmFeature feature : WasmFeature.values()) {
      assertThat(WasmFeature.ofId(feature.id())).isEqualTo(feature);
    }
    assertThat(WasmFeature.ofId("tail-call")).isEqualTo(WasmFeature.TAIL_CALL);
    assertThat(WasmFeature.ofId("no-such-feature")).isNull();
    assertThat(WasmFeatures.WASM_1).hasToString("core,mutable-globals");
  }
}
