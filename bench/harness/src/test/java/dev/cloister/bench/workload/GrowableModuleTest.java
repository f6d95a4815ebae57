package dev.cloister.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrowableModuleTest {
  private static final Path WORKLOADS =
      Path.of(System.getProperty("project.root"), "bench", "workloads");

  @ParameterizedTest
  @ValueSource(strings = {"fib", "json", "records"})
  void kernel_computesTheSameAndCanGrow(String name) throws IOException {
    byte[] fixed = Files.readAllBytes(WORKLOADS.resolve(name + ".wasm"));
    byte[] growable = GrowableModule.of(fixed).orElseThrow();
    try (WasmEngine engine = new WasmEngine(EngineConfig.defaults());
        EngineIsolate isolate = engine.addIsolate("test")) {
      Instance before = instance(engine, isolate, fixed);
      Instance after = instance(engine, isolate, growable);
      assertThat(after.exportedFunction("run").call(1))
          .isEqualTo(before.exportedFunction("run").call(1));
      int pages = Objects.requireNonNull(after.memory(0)).pages();
      assertThat(after.exportedFunction("cloister:bench.grow").call(2)).containsExactly(pages);
      assertThat(Objects.requireNonNull(after.memory(0)).pages()).isEqualTo(pages + 2);
    }
  }

  @Test
  void moduleWithoutMemory_hasNoGrowableBuild() throws IOException {
    assertThat(GrowableModule.of(Files.readAllBytes(WORKLOADS.resolve("exceptions.wasm"))))
        .isEmpty();
  }

  private static Instance instance(WasmEngine engine, EngineIsolate isolate, byte[] wasm) {
    return engine
        .compile(isolate, wasm)
        .instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
  }
}
