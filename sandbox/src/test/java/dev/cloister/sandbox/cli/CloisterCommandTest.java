package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CloisterCommandTest {
  @Test
  void help_ofRoot_listsCommandsOnStandardOutput() {
    CommandRun run = CommandRun.of("--help");

    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.text())
        .contains("Usage: cloister")
        .contains("run", "validate", "inspect", "compile", "wast", "replay");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "validate", "inspect", "compile", "wast", "replay"})
  void help_ofCommand_isOnStandardOutput(String command) {
    CommandRun run = CommandRun.of(command, "--help");

    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.text()).contains("Usage: cloister " + command);
  }

  @Test
  void help_withNoColor_hasNoEscapes() {
    assertThat(CommandRun.of("--help").text()).doesNotContain("\u001b");
  }

  @Test
  void version_ofRoot_namesTheProgram() {
    CommandRun run = CommandRun.of("--version");

    assertThat(run.exitCode()).isZero();
    assertThat(run.text()).startsWith("cloister ");
  }

  @Test
  void noCommand_isUsageError() {
    CommandRun.of().assertUsageError("missing command");
  }

  @Test
  void unknownCommand_isUsageError() {
    CommandRun.of("rnu").assertUsageError("rnu");
  }

  @Test
  void unknownOption_isUsageError() {
    CommandRun.of("validate", "--colour", "x.wasm").assertUsageError("--colour");
  }

  @Test
  void missingOperand_isUsageError() {
    CommandRun.of("validate").assertUsageError("MODULE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "validate", "inspect", "compile"})
  void missingFile_isUsageError(String command) {
    CommandRun.of(command, "no-such-file.wasm")
        .assertUsageError("cannot read no-such-file.wasm: no such file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"auto", "baseline", "optimized", "debug", "fuel", "polled", "DEBUG"})
  void tier_thatIsKnown_isAccepted(String tier) {
    CommandRun.of("compile", "--tier", tier, "no-such-file.wasm")
        .assertUsageError("cannot read no-such-file.wasm");
  }

  @Test
  void tier_thatIsUnknown_isUsageError() {
    CommandRun.of("run", "--tier", "turbo", "x.wasm").assertUsageError("turbo");
  }
}
