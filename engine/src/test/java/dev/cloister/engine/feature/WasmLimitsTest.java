package dev.cloister.engine.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.ErrorCode;
import dev.cloister.engine.error.LimitExceededException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class WasmLimitsTest {

  @Test
  void defaults_areTheStandardLimits() {
    for (WasmLimit limit : WasmLimit.values()) {
      assertThat(WasmLimits.defaults().allowed(limit)).isEqualTo(limit.standard());
    }
  }

  @Test
  void with_lowersOneLimit() {
    WasmLimits limits = WasmLimits.defaults().with(WasmLimit.LOCALS, 3);
    assertThat(limits.allowed(WasmLimit.LOCALS)).isEqualTo(3);
    assertThat(limits.allowed(WasmLimit.PARAMS)).isEqualTo(WasmLimit.PARAMS.standard());
    assertThat(WasmLimits.defaults().allowed(WasmLimit.LOCALS)).isEqualTo(50_000);
    assertThat(limits.with(WasmLimit.LOCALS, 50_000)).isEqualTo(WasmLimits.defaults());
  }

  @Test
  void with_aboveTheStandard_isRefused() {
    assertThatThrownBy(() -> WasmLimits.defaults().with(WasmLimit.LOCALS, 50_001))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> WasmLimits.defaults().with(WasmLimit.LOCALS, -1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void check_namesLimitAndNumbers() {
    WasmLimits limits = WasmLimits.defaults().with(WasmLimit.LOCALS, 3);
    limits.check(WasmLimit.LOCALS, 3, 0);
    assertThatThrownBy(() -> limits.check(WasmLimit.LOCALS, 4, 26))
        .isInstanceOfSatisfying(
            LimitExceededException.class,
            fault -> {
              assertThat(fault.code()).isEqualTo(ErrorCode.LIMIT);
              assertThat(fault.used()).isEqualTo(4);
              assertThat(fault.allowed()).isEqualTo(3);
            })
        .hasMessage("limit exceeded: number of locals is 4, at most 3 (@+0x1a)");
  }

  @Test
  void limit_loweredForSomebody_isCalledAsTheyKnowIt() {
    WasmLimits limits = WasmLimits.defaults().atMost(WasmLimit.FUNCTIONS, 5, "functionsPerModule");

    assertThat(limits.allowed(WasmLimit.FUNCTIONS)).isEqualTo(5);
    assertThatThrownBy(() -> limits.check(WasmLimit.FUNCTIONS, 6, 1))
        .hasMessage("limit exceeded: functionsPerModule is 6, at most 5 (@+0x1)");
    // Nobody can raise what is lower already.
    assertThat(limits.atMost(WasmLimit.FUNCTIONS, 7, "other")).isEqualTo(limits);
    assertThat(limits).isNotEqualTo(WasmLimits.defaults().with(WasmLimit.FUNCTIONS, 5));
    assertThatThrownBy(() -> limits.atMost(WasmLimit.TYPES, -1, "typesPerModule"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void limits_haveKeysOfTheirOwn_withTheUnit() {
    assertThat(Arrays.stream(WasmLimit.values()).map(WasmLimit::key)).doesNotHaveDuplicates();
    assertThat(WasmLimit.MODULE_SIZE.key()).isEqualTo("moduleBytes");
    assertThat(WasmLimit.BR_TABLE_SIZE.key()).isEqualTo("brTableSize");
    assertThat(WasmLimit.FUNCTIONS.key()).isEqualTo("functions");
  }
}
