package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WastCommandTest {
  @TempDir private Path folder;

  @BeforeEach
  void writeModule() throws IOException {
    Files.write(folder.resolve("empty.wasm"), new ModuleBuilder().build());
  }

  @Test
  void passingScript_exitsWithZero() throws IOException {
    write("{'type':'module','line':3,'filename':'empty.wasm','module_type':'binary'}");

    CommandRun.of("wast", folder).assertPrints("1 passed, 0 failed, 0 skipped");
  }

  @Test
  void failingCommand_isALineAndExitsWithOne() throws IOException {
    Path script =
        write(
            """
            {'type':'module','line':3,'filename':'empty.wasm','module_type':'binary'},
            {'type':'assert_invalid','line':7,
             'filename':'empty.wasm','module_type':'binary','text':'t'},
            {'type':'assert_malformed','line':9,'filename':'x.wat','module_type':'text','text':'t'}
            """);

    CommandRun run = CommandRun.of("wast", script);

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines())
        .containsExactly(
            script + ":7: assert_invalid: expected invalid 't', actual a valid module",
            "skipped 1: text format",
            "1 passed, 1 failed, 1 skipped");
  }

  @Test
  void twice_countsBothRuns() throws IOException {
    write("{'type':'module','line':3,'filename':'empty.wasm','module_type':'binary'}");

    CommandRun.of("wast", "--tier", "baseline", "--twice", folder)
        .assertPrints("2 passed, 0 failed, 0 skipped");
  }

  @Test
  void missingPath_isUsageError() {
    CommandRun.of("wast", folder.resolve("none")).assertUsageError("no such file");
    CommandRun.of("wast", folder).assertUsageError("no scripts");
  }

  private Path write(String commands) throws IOException {
    return Files.writeString(
        folder.resolve("script.json"), "{\"commands\":[" + commands.replace('\'', '"') + "]}");
  }
}
