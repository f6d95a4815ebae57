package dev.cloister.isolate.embed;

import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.types.FuncType;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.verticle.InvocationResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class PluginHostTest {
  private static final Path EXAMPLES =
      Path.of(System.getProperty("project.root", ".."), "examples");

  @Test
  void plugins_ofEachConvention_areCalled() throws IOException {
    Captured log = new Captured();
    try (PluginHost host = PluginHost.builder().log(log).build();
        EmbeddedPlugin plain = host.load(Modules.plain());
        EmbeddedPlugin vowels =
            host.load(Files.readAllBytes(EXAMPLES.resolve("vowels/vowels.wasm")));
        EmbeddedPlugin shout =
            host.load(Files.readAllBytes(EXAMPLES.resolve("shout/shout.wasm")))) {
      assertThat(plain.call("add", 2, 40)).containsExactly(new WasmValue.I32(42));
      assertThat(vowels.call("count", "queue".getBytes(StandardCharsets.UTF_8)))
          .asString(StandardCharsets.UTF_8)
          .isEqualTo("{\"count\":4,\"total\":4}");
      assertThat(shout.run("quiet".getBytes(StandardCharsets.UTF_8)))
          .asString(StandardCharsets.UTF_8)
          .contains("QUIET");
    }
  }

  @Test
  void functionsOfTheProgram_areImported() {
    FuncType unary = new FuncType(List.of(I64), List.of(I64));
    byte[] module =
        new ModuleBuilder()
            .importFunction("program", "double", unary)
            .exportFunction("run", unary, code -> code.localGet(0).call(0))
            .build();
    Imports functions =
        Imports.builder()
            .define(
                "program",
                "double",
                HostFunction.of(unary, (_, args) -> new Object[] {2 * (Long) args[0]}))
            .build();
    try (PluginHost host = PluginHost.builder().functions(functions).build();
        EmbeddedPlugin plugin = host.load(module)) {
      assertThat(plugin.call("run", 21)).containsExactly(new WasmValue.I64(42));
    }
    try (PluginHost host = PluginHost.create();
        EmbeddedPlugin plugin = host.load(module)) {
      assertThatThrownBy(() -> plugin.call("run", 21))
          .isInstanceOf(PluginCallException.class)
          .hasMessageContaining("unknown import program.double");
    }
  }

  @Test
  void calls_thatFail_sayHow() {
    try (PluginHost host = PluginHost.builder().limit(IsolateLimit.DEADLINE_MILLIS, 200).build();
        EmbeddedPlugin plugin = host.load(Modules.plain())) {
      assertThatThrownBy(() -> plugin.call("trap"))
          .isInstanceOfSatisfying(
              PluginCallException.class,
              failure -> assertThat(failure.result()).isInstanceOf(InvocationResult.Trapped.class));
      assertThatThrownBy(() -> plugin.call("spin"))
          .isInstanceOf(PluginCallException.class)
          .hasMessageStartingWith("deadline");
      assertThat(plugin.call("add", 1, 1)).containsExactly(new WasmValue.I32(2));
      assertThatThrownBy(() -> host.load(new byte[] {1, 2, 3, 4}))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void example_isCompiledAndRuns() throws IOException, InterruptedException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", ""));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                EXAMPLES.resolve("embedding/Embedding.java").toString(),
                EXAMPLES.resolve("vowels/vowels.wasm").toString(),
                "count",
                "Hello, World!")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).isZero();
    assertThat(output).endsWith("{\"count\":3,\"total\":3}" + System.lineSeparator());
  }
}
