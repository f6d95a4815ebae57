package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ScriptFeaturesTest {
  private static final WasmFeatures SUPPORTED = WasmFeatures.WASM_2;

  @Test
  void proposalFolder_addsItsFeature() {
    ScriptFeatures features = of("suite/proposals/wide-arithmetic/wide/wide.json");

    assertThat(features.valid().has(WasmFeature.WIDE_ARITHMETIC)).isTrue();
    assertThat(features.executable().has(WasmFeature.WIDE_ARITHMETIC)).isTrue();
    assertThat(features.valid().has(WasmFeature.CUSTOM_PAGE_SIZES)).isFalse();
  }

  @Test
  void otherFolders_haveTheThirdRelease_andExecuteWhatTheEngineCan() {
    ScriptFeatures features = of("suite/core/wide-arithmetic/wide.json");

    assertThat(features.valid())
        .isEqualTo(WasmFeatures.WASM_3.with(WasmFeature.THREADS, WasmFeature.LEGACY_EXCEPTIONS));
    assertThat(features.executable()).isEqualTo(SUPPORTED);
  }

  @Test
  void proposalThatIsNotKnown_addsNothing() {
    assertThat(of("proposals/stack-switching/cont/cont.json")).isEqualTo(of("core/i32/i32.json"));
  }

  @Test
  void proposalOfTheThirdRelease_doesNotChangeWhatIsExecuted() {
    assertThat(of("proposals/threads/atomic/atomic.json")).isEqualTo(of("core/i32/i32.json"));
  }

  private static ScriptFeatures of(String script) {
    return ScriptFeatures.of(Path.of(script), SUPPORTED);
  }
}
