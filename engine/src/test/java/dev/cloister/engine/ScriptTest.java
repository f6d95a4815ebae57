package dev.cloister.engine;

import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.BinaryWriter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.script.Script;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Scripts: one for each isolate and module; and the lines of traps.
final class ScriptTest {
  private static final byte[] MODULE =
      new ModuleBuilder()
          .name("app")
          .custom("sourceMappingURL", new BinaryWriter().name("app.map").toByteArray())
          .function(FuncType.EMPTY, _ -> {})
          .build();

  @Test
  void script_isOneForEachIsolateAndModule() {
    try (WasmEngine engine = new WasmEngine(EngineConfig.defaults())) {
      EngineIsolate first = engine.addIsolate("first");
      EngineIsolate second = engine.addIsolate("second");
      ModuleHandle one = engine.compile(first, MODULE);
      ModuleHandle again = engine.compile(first, MODULE);
      ModuleHandle other = engine.compile(second, MODULE);
      ModuleHandle plain = engine.compile(second, new ModuleBuilder().build());

      Script script = one.script();
      assertThat(again.script()).isSameAs(script);
      assertThat(script.isolate()).isEqualTo("first");
      assertThat(script.url().text()).isEqualTo(one.scriptUrl()).startsWith("wasm://wasm/app-");
      assertThat(script.symbols().sourceMapUrl()).isEqualTo("app.map");
      assertThat(other.script().id()).isNotEqualTo(script.id());
      assertThat(other.script().isolate()).isEqualTo("second");
      assertThat(plain.script().symbols().isPresent()).isFalse();

      one.close();
      ModuleHandle third = engine.compile(first, MODULE);
      assertThat(third.script()).as("a handle was open all the time").isSameAs(script);
      third.close();
      again.close();
      assertThat(engine.compile(first, MODULE).script().id())
          .as("nobody used the module in between")
          .isGreaterThan(plain.script().id());
    }
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void trap_ofModuleWithLines_namesFileAndLine(CodeKind kind) throws IOException {
    byte[] example =
        Files.readAllBytes(
            Path.of(
                System.getProperty("project.root", ".."), "examples", "average", "average.wasm"));
    EngineConfig config = EngineConfig.defaults().toBuilder().codeKind(kind).build();
    try (WasmEngine engine = new WasmEngine(config);
        EngineIsolate isolate = engine.addIsolate("lines");
        ModuleHandle module = engine.compile(isolate, example);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      assertThat(module.script().symbols().hasEmbeddedDwarf()).isTrue();
      if (kind == CodeKind.FUEL) {
        store.setFuel(10_000);
      }
      Instance instance = module.instantiate(store, Imports.NONE);
      assertThat(instance.exportedFunction("average").call(3, 6)).containsExactly(4);
      TrapException trap =
          assertTraps(
              TrapReason.INTEGER_DIVIDE_BY_ZERO,
              () -> instance.exportedFunction("average").call(6, 3));
      assertThat(trap.wasmStack())
          .extracting(WasmFrame::functionName, WasmFrame::source)
          .containsExactly(
              tuple("divide", new SourcePosition("average.c", 8, 14)),
              tuple("average", new SourcePosition("average.c", 18, 10)));
      int offset = (int) trap.wasmStack().getFirst().offset();
      assertThat(module.sourceAt(offset)).isEqualTo(new SourcePosition("average.c", 8, 14));
      assertThat(module.sourceAt(0)).isNull();
    }
  }
}
