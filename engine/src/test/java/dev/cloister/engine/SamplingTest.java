package dev.cloister.engine;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.stats.CodeSizes;
import dev.cloister.engine.stats.SampleTrigger;
import dev.cloister.engine.types.FuncType;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What an engine's samples say, against what is there.
final class SamplingTest {
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));

  private final WasmEngine engine =
      new WasmEngine(EngineConfig.defaults().toBuilder().samplePeriod(Duration.ZERO).build());

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static byte[] module(int functions) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < functions; i++) {
      int added = i;
      module.exportFunction(
          "f" + i,
          BINARY,
          code -> {
            code.localGet(0);
            for (int n = 0; n < 60; n++) {
              code.localGet(1).op(Opcode.I32_ADD).i32Const(added + n).op(Opcode.I32_XOR);
            }
          });
    }
    return module.build();
  }

  @Test
  void sharedModule_isCountedOnce() {
    EngineIsolate first = engine.addIsolate("first");
    EngineIsolate second = engine.addIsolate("second");
    engine.addIsolate("idle");
    ModuleHandle shared = engine.compile(first, module(300));
    engine.compile(second, module(300));
    ModuleHandle alone = engine.compile(second, module(50));
    shared.generateAll();
    alone.generateAll();
    Instance instance = alone.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
    assertThat(instance.exportedFunction("f0").call(1, 2)).hasSize(1);

    CodeSizes sizes = engine.sampler().sample(SampleTrigger.REQUEST).sizes();
    assertThat(sizes.modules()).hasSize(2);
    assertThat(sizes.moduleCodeBytes()).isEqualTo(shared.codeBytes() + alone.codeBytes());
    assertThat(sizes.sharedCodeBytes()).isPositive();
    assertThat(sizes.engineBytes()).isPositive();
    assertThat(sizes.shares().keySet()).containsExactly("first", "second", "idle");
    CodeSizes.Share ofFirst = share(sizes, "first");
    CodeSizes.Share ofSecond = share(sizes, "second");
    assertThat(ofFirst.codeBytes()).isEqualTo(shared.codeBytes() / 2);
    assertThat(ofFirst.aloneCodeBytes()).isZero();
    assertThat(ofSecond.aloneCodeBytes()).isEqualTo(alone.codeBytes());
    assertThat(ofFirst.codeBytes() + ofSecond.codeBytes()).isEqualTo(sizes.moduleCodeBytes());
    assertThat(share(sizes, "idle").modules()).isZero();

    first.close();
    CodeSizes later = engine.sampler().sample(SampleTrigger.REQUEST).sizes();
    assertThat(share(later, "second").aloneCodeBytes()).isEqualTo(later.moduleCodeBytes());
  }

  private static CodeSizes.Share share(CodeSizes sizes, String isolate) {
    return Objects.requireNonNull(sizes.shares().get(isolate));
  }

  /// The factor holds for whole modules, which is what budgets and views are about.
  @ParameterizedTest
  @EnumSource(
      value = CodeKind.class,
      names = {"BASELINE", "OPTIMIZED"})
  void metaspace_isEstimatedWithinAFactorOfTwo(CodeKind kind) {
    EngineConfig config =
        EngineConfig.defaults().toBuilder().codeKind(kind).samplePeriod(Duration.ZERO).build();
    try (WasmEngine measured = new WasmEngine(config)) {
      EngineIsolate isolate = measured.addIsolate("acme");
      // What is loaded with the first module.
      measured.compile(isolate, module(20)).generateAll();
      long before = metaspaceBytes();
      ModuleHandle large = measured.compile(isolate, module(8_000));
      large.generateAll();
      long actual = metaspaceBytes() - before;
      long estimated = large.nativeModule().metaspaceBytes();
      System.out.printf(
          "%s code=%d estimated=%d actual=%d%n", kind, large.codeBytes(), estimated, actual);
      assertThat(actual).isGreaterThan(4 << 20);
      assertThat(estimated).isBetween(actual / 2, actual * 2);
    }
  }

  private static long metaspaceBytes() {
    long bytes = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      // The space of compressed classes is a part of it.
      if (pool.getName().equals("Metaspace")) {
        bytes += pool.getUsage().getUsed();
      }
    }
    return bytes;
  }

  @Test
  void samplePeriod_mustNotBeNegative() {
    EngineConfig.Builder builder =
        EngineConfig.defaults().toBuilder().samplePeriod(Duration.ofSeconds(-1));
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("samplePeriod");
  }
}
