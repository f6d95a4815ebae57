package dev.cloister.sandbox.cli;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CompileCommandTest {
  private static final FuncType DIVISION = new FuncType(List.of(I32, I32), List.of(I32));

  @TempDir private Path folder;
  private Path module = Path.of("");

  @BeforeEach
  void writeModule() throws IOException {
    module =
        Files.write(
            folder.resolve("module.wasm"),
            new ModuleBuilder()
                .importFunction("env", "f", FuncType.EMPTY)
                .exportFunction(
                    "divide", DIVISION, code -> code.localGet(0).localGet(1).op(Opcode.I32_DIV_S))
                .nameFunction(1, "quotient")
                .build());
  }

  @Test
  void compile_saysHowMuchItWas() {
    CommandRun run = CommandRun.of("compile", module);

    assertThat(run.err()).isEmpty();
    assertThat(run.text()).matches("1 functions, [0-9]+ bytes of bytecode\\R");
  }

  @Test
  void stats_haveALineEach() {
    CommandRun run = CommandRun.of("compile", "--tier=baseline", "--stats", module);

    assertThat(run.err()).isEmpty();
    assertThat(run.lines().stream().map(line -> line.split(" {2,}", 2)[0]))
        .containsExactly(
            "functions",
            "wire bytes",
            "bytecode bytes",
            "metadata bytes",
            "chunks",
            "largest method",
            "methods above 8000 bytes",
            "methods above 65535 bytes",
            "validate",
            "validate and plan",
            "generate",
            "phase decode all",
            "phase plan all",
            "phase generate baseline",
            "phase generate all",
            "phase define all");
    assertThat(run.lines().get(6)).endsWith(" 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "divide", "quotient"})
  void dump_showsWasmAndBytecode(String function) {
    CommandRun run = CommandRun.of("compile", "--dump", function, module);

    assertThat(run.err()).isEmpty();
    assertThat(run.text()).contains("local.get 0", "i32.div_s", "iload_0", "ireturn");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "2", "nothing"})
  void dump_ofSomethingElse_isUsageError(String function) {
    CommandRun.of("compile", "--dump", function, module).assertUsageError("no own function");
  }

  @Test
  void invalidModule_fails() throws IOException {
    Path invalid =
        Files.write(
            folder.resolve("invalid.wasm"),
            new ModuleBuilder().function(DIVISION, _ -> {}).build());

    CommandRun.of("compile", invalid).assertFails(1, "type mismatch");
  }
}
