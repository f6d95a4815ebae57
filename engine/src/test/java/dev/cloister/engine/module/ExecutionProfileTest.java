package dev.cloister.engine.module;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.module.ExecutionProfile.Function;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Profiles are read as they were written, and nothing else is taken for one.
final class ExecutionProfileTest {
  private static final ModuleHash MODULE = ModuleHash.of(new byte[] {1});
  private static final ExecutionProfile PROFILE =
      new ExecutionProfile(
          MODULE,
          10,
          List.of(new Function(7, 0, false), new Function(3, 12, true), new Function(9, 0, false)));
  private static final String HEAD = "cloister-profile 1\nmodule " + MODULE + " functions 10\n";

  @Test
  void text_isReadable_andReadAsItWas() throws InvalidProfileException {
    assertThat(PROFILE.toText()).isEqualTo(HEAD + "7 0\n3 12 optimized\n9 0\n");
    assertThat(ExecutionProfile.parse(PROFILE.toText())).isEqualTo(PROFILE);
  }

  @Test
  void hottest_areFirst_andOptimizedOnesASet() {
    assertThat(PROFILE.byHeat()).extracting(Function::index).containsExactly(3, 7, 9);
    BitSet optimized = new BitSet();
    optimized.set(3);
    assertThat(PROFILE.optimized()).isEqualTo(optimized);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|line 1 of the profile: expected 'cloister-profile 1'",
        "'cloister-profile 2'|line 1 of the profile: expected 'cloister-profile 1'",
        "'cloister-profile 1'|line 2 of the profile: expected 'module SHA256 functions N'",
        "'cloister-profile 1;module 12 functions 3'|line 2 of the profile: expected",
        "'HEAD;10 0'|line 3 of the profile: expected a number from 0 to 9, got '10'",
        "'HEAD;-1 0'|line 3 of the profile: expected a number from 0 to 9, got '-1'",
        "'HEAD;1 x'|line 3 of the profile: expected a number from 0 to",
        "'HEAD;1'|line 3 of the profile: expected 'INDEX SAMPLES'",
        "'HEAD;1 2 fast'|line 3 of the profile: expected 'INDEX SAMPLES'",
        "'HEAD;1 2;1 3'|line 4 of the profile: function 1 stands there twice"
      })
  void textThatIsNoProfile_isRefusedWithItsLine(String text, String message) {
    String lines = text.replace("HEAD;", HEAD).replace(';', '\n');
    assertThatThrownBy(() -> ExecutionProfile.parse(lines))
        .isInstanceOf(InvalidProfileException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void textAboveTheLimit_isRefused() {
    String text = HEAD + "#".repeat(ExecutionProfile.MAX_CHARS);
    assertThatThrownBy(() -> ExecutionProfile.parse(text))
        .isInstanceOf(InvalidProfileException.class)
        .hasMessageContaining("at most 33554432 are read");
  }
}
