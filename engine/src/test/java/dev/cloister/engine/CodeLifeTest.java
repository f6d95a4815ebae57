package dev.cloister.engine;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// The life of generated code in a whole engine, with isolates that come and go.
final class CodeLifeTest {
  private static final List<CodeKind> KINDS = List.of(CodeKind.values());

  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  /// A module with functions `f0` to `f19`, each of which adds its number and `tag`.
  private static byte[] module(int tag) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < 20; i++) {
      int number = i + tag;
      module.exportFunction(
          "f" + i, INT, code -> code.localGet(0).i32Const(number).op(Opcode.I32_ADD));
    }
    return module.build();
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as(what).isNegative();
      Thread.sleep(2);
    }
  }

  /// Isolates are added, use shared modules in changing tiers, and are removed, sometimes with
  /// stores that still run; everything that is given up is collected at once.
  @Test
  void stress_isolatesAndModulesDieWhileTiersChange_nothingIsLeft() throws Exception {
    Random random = Seed.random();
    EngineConfig config =
        EngineConfig.defaults().toBuilder().stressCodeGc(true).compileThreads(2).build();
    try (WasmEngine engine = new WasmEngine(config);
        ExecutorService guests = Executors.newCachedThreadPool()) {
      List<Future<?>> futures = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random own = new Random(random.nextLong());
        String name = "isolate" + i;
        futures.add(
            guests.submit(() -> {
              for (int round = 0; round < 25; round++) {
                useAndRemove(engine, name, own);
              }
              return null;
            }));
      }
      for (int i = 0; i < 20; i++) {
        engine.flushBaseline();
        engine.collectCode();
        Thread.sleep(random.nextInt(5));
      }
      for (Future<?> future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          throw new AssertionError(e.getCause());
        }
      }

      assertThat(engine.nativeModules()).isEmpty();
      engine.collectCode();
      await("all code is freed", () -> engine.codeStatistics().committedBytes() == 0);
      CodeStatistics code = engine.codeStatistics();
      assertThat(code.freedBytes()).isEqualTo(code.definedBytes()).isPositive();
      await(
          "collections have ended",
          () ->
              engine.codeStatistics().finishedCollections()
                  == engine.codeStatistics().collections());
      assertThat(engine.codeStatistics().outstandingIsolates()).isZero();
    }
  }

  private static void useAndRemove(WasmEngine engine, String name, Random random) {
    EngineIsolate isolate = engine.addIsolate(name);
    int tag = random.nextInt(3);
    ModuleHandle handle = engine.compile(isolate, module(tag));
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = handle.instantiate(store, Imports.NONE);
      for (int call = 0; call < 5; call++) {
        int function = random.nextInt(20);
        switch (random.nextInt(4)) {
          case 0 -> handle.tierUp(function);
          case 1 -> handle.tierDown(function);
          case 2 -> handle.switchTo(KINDS.get(random.nextInt(KINDS.size())), instance);
          default -> handle.release(instance);
        }
        assertThat(result(instance, "f" + function, call)).isEqualTo(call + function + tag);
      }
      if (random.nextBoolean()) {
        // The isolate dies first; its store runs on.
        isolate.close();
        assertThat(result(instance, "f19", 1)).isEqualTo(20 + tag);
      }
    }
    isolate.close();
  }

  @Test
  void manyModules_underABudgetOfAMegabyte_succeed() {
    EngineConfig config = EngineConfig.defaults().toBuilder().codeBytes(1 << 20).build();
    try (WasmEngine engine = new WasmEngine(config)) {
      EngineIsolate isolate = engine.addIsolate("a");
      for (int i = 0; i < 250; i++) {
        try (ModuleHandle handle = engine.compile(isolate, module(1_000 + i));
            Store store = new Store(HeapLimiter.UNLIMITED)) {
          handle.generateAll();
          Instance instance = handle.instantiate(store, Imports.NONE);
          assertThat(result(instance, "f2", 1)).isEqualTo(1_003 + i);
        }
        assertThat(engine.codeStatistics().committedBytes()).isLessThanOrEqualTo(1 << 20);
      }
      assertThat(engine.codeStatistics().definedBytes()).isGreaterThan(1 << 20);
      assertThat(engine.codeStatistics().refusals()).isZero();
    }
  }

  @Test
  void module_thatExceedsTheBudget_isRefusedAndLeavesNothing() {
    EngineConfig config = EngineConfig.defaults().toBuilder().codeBytes(500).build();
    try (WasmEngine engine = new WasmEngine(config)) {
      EngineIsolate isolate = engine.addIsolate("a");

      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> engine.compile(isolate, module(0)))
            .isInstanceOfSatisfying(
                LimitExceededException.class, e -> assertThat(e.limit()).isEqualTo("codeBytes"));
      }

      assertThat(engine.nativeModules()).isEmpty();
    }
  }

  @Test
  void settings_ofCode_areChecked() {
    EngineConfig.Builder builder = EngineConfig.defaults().toBuilder();
    assertThatThrownBy(() -> builder.codeBytes(0).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("codeBytes must be positive, is 0");
    builder.codeBytes(1);
    assertThatThrownBy(() -> builder.maxCodeCachePercent(101).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxCodeCachePercent must be from 1 to 100, is 101");
  }

  @Test
  void tiers_ofAHandle_areThoseOfAllItsSharers() {
    try (TestEngine engine = new TestEngine()) {
      ModuleHandle first = engine.engine().compile(engine.isolate(), module(0));
      ModuleHandle second = engine.engine().compile(engine.engine().addIsolate("b"), module(0));

      assertThat(first.tierUp(3)).isTrue();

      assertThat(second.tierUp(3)).isFalse();
      NativeModuleInfo.ImageInfo image = second.info().images().getLast();
      assertThat(image.tier()).isEqualTo("mixed");
      assertThat(image.kind()).isEqualTo("baseline");
      assertThat(image.optimizedFunctions()).isEqualTo(1);
      assertThat(image.isCurrent()).isTrue();
      assertThat(engine.engine().tierDown(first.hash(), null).getFirst().images().getLast().tier())
          .isEqualTo("baseline");
      assertThat(first.profile()).isEmpty();
      second.close();
      assertThat(first.tierUp((Integer) null)).isTrue();
      assertThat(first.codeKind()).isEqualTo(CodeKind.OPTIMIZED);
    }
  }
}
