package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ValidateCommandTest {
  @TempDir private Path folder;

  @Test
  void validModule_isValid() throws IOException {
    CommandRun.of("validate", write(new ModuleBuilder().build())).assertPrints("valid");
  }

  @Test
  void invalidModule_givesOneLineWithTheOffset() throws IOException {
    FuncType type = new FuncType(List.of(), List.of(NumType.I32));
    CommandRun run =
        CommandRun.of("validate", write(new ModuleBuilder().function(type, _ -> {}).build()));

    assertVerdict(run, "type mismatch");
    assertThat(run.text()).containsPattern("\\(@\\+0x[0-9a-f]+");
  }

  @Test
  void truncatedModule_givesOneLineWithTheOffset() throws IOException {
    CommandRun run = CommandRun.of("validate", write(new byte[] {0, 'a', 's', 'm'}));

    assertVerdict(run, "unexpected end");
  }

  @Test
  void folder_isUsageError() {
    CommandRun.of("validate", folder).assertUsageError("is a folder");
  }

  /// The verdict is the command's result: one line on standard output.
  private static void assertVerdict(CommandRun run, String text) {
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines()).hasSize(1);
    assertThat(run.text()).startsWith("error: ").contains(text);
    assertThat(run.err()).isEmpty();
  }

  private Path write(byte[] module) throws IOException {
    return Files.write(folder.resolve("module.wasm"), module);
  }
}
