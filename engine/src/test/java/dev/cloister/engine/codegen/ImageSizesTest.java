package dev.cloister.engine.codegen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.fixture.Corpora;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What tenants pay for code is not less than what programs become, and not much more.
final class ImageSizesTest {
  @Test
  void smallestModule_becomesNoMoreThanEstimated() {
    byte[] module = new ModuleBuilder().exportFunction("f", FuncType.EMPTY, _ -> {}).build();
    for (CodeKind kind : CodeKind.values()) {
      check(kind, module);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "programs/pack.wasm",
        "programs/stl.wasm",
        "programs/kotlin-text.wasm",
        "programs/gofmt.wasm",
        "programs/argon2-simd.wasm",
        "bench/as_app.wasm",
        "bench/bigfun.wasm"
      })
  void program_becomesAboutWhatWasEstimated(String file) throws IOException {
    byte[] program = Files.readAllBytes(Corpora.require(file));
    for (CodeKind kind : CodeKind.values()) {
      check(kind, program);
    }
  }

  private static void check(CodeKind kind, byte[] wireBytes) {
    EngineConfig config = EngineConfig.defaults().toBuilder().codeKind(kind).build();
    try (WasmEngine engine = new WasmEngine(config);
        EngineIsolate isolate = engine.addIsolate("test");
        ModuleHandle module = engine.compile(isolate, wireBytes)) {
      module.generateAll();
      assertThat(module.imageBytes(kind))
          .as(kind.label())
          .isBetween(module.codeBytes(), 5 * module.codeBytes());
    }
  }
}
