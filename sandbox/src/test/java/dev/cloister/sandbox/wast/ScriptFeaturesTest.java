package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ScriptFeaturesTest {
  @Test
  void proposalFolder_addsItsFeature() {
    WasmFeatures features =
        ScriptFeatures.of(Path.of("suite/proposals/wide-arithmetic/wide/wide.json"));

    assertThat(features.has(WasmFeature.WIDE_ARITHMETIC)).isTrue();
    assertThat(features.has(WasmFeature.CUSTOM_PAGE_SIZES)).isFalse();
  }

  @Test
  void otherFolders_haveWhatTheEngineHas() {
    WasmFeatures features = ScriptFeatures.of(Path.of("suite/core/wide-arithmetic/wide.json"));

    assertThat(features.has(WasmFeature.WIDE_ARITHMETIC)).isFalse();
    assertThat(WasmFeatures.supported().hasAll(features)).isTrue();
  }

  @Test
  void proposalThatTheEngineDoesNotKnow_addsNothing() {
    assertThat(ScriptFeatures.of(Path.of("proposals/stack-switching/cont/cont.json")))
        .isEqualTo(ScriptFeatures.of(Path.of("core/i32/i32.json")));
  }
}
