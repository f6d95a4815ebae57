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

    run.assertFails(1, "type mismatch");
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).containsPattern("^error: .*\\(@\\+0x[0-9a-f]+");
  }

  @Test
  void truncatedModule_givesOneLineWithTheOffset() throws IOException {
    CommandRun run = CommandRun.of("validate", write(new byte[] {0, 'a', 's', 'm'}));

    run.assertFails(1, "unexpected end");
    assertThat(run.err().lines()).hasSize(1);
  }

  @Test
  void folder_isUsageError() {
    CommandRun.of("validate", folder).assertUsageError("is a folder");
  }

  private Path write(byte[] module) throws IOException {
    return Files.write(folder.resolve("module.wasm"), module);
  }
}
