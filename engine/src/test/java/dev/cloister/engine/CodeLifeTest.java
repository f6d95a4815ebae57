package dev.cloister.engine;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.code.RecordingListener;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.GenerationCause;
import dev.cloister.engine.stats.GenerationPublished;
import dev.cloister.engine.stats.GenerationRetired;
import dev.cloister.engine.types.FuncType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// The life of generated code in a whole engine, with isolates that come and go.
final class CodeLifeTest {
  private static final List<CodeKind> KINDS = List.of(CodeKind.values());

  private final RecordingListener listener = new RecordingListener();

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
  @SuppressWarnings("try") // Closing is part of the test.
  void stress_isolatesAndModulesDieWhileTiersChange_nothingIsLeft() throws Exception {
    Random random = Seed.random();
    EngineConfig config =
        EngineConfig.defaults().toBuilder()
            .stressCodeGc(true)
            .compileThreads(2)
            .listener(listener)
            .build();
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
      // Nothing happens to code any more; closing tells what was not told yet.
      long collections = engine.codeStatistics().collections();
      engine.close();
      assertThat(listener.told(CodeCollected.class))
          .extracting(CodeCollected::number)
          .isEqualTo(LongStream.rangeClosed(1, collections).boxed().toList());
      assertGenerationsAreRetired();
    }
  }

  /// Each generation is published, retired, perhaps published again, and is retired in the end.
  private void assertGenerationsAreRetired() {
    Map<Generation, Boolean> isEntered = new HashMap<>();
    for (Record event : listener.told()) {
      if (event instanceof GenerationPublished e) {
        boolean isFirst = !isEntered.containsKey(new Generation(e.module(), e.generation()));
        assertThat(isEntered.put(new Generation(e.module(), e.generation()), true))
            .as("before %s", e)
            .isNotEqualTo(true);
        assertThat(e.cause() == GenerationCause.REUSE).as("%s", e).isEqualTo(!isFirst);
      } else if (event instanceof GenerationRetired e) {
        assertThat(isEntered.put(new Generation(e.module(), e.generation()), false))
            .as("before %s", e)
            .isEqualTo(true);
      }
    }
    assertThat(isEntered).isNotEmpty().doesNotContainValue(true);
  }

  private record Generation(ModuleHash module, int number) {}

  @Test
  void generations_areToldOnce_withTheirCause() throws Exception {
    EngineConfig config = EngineConfig.defaults().toBuilder().listener(listener).build();
    try (WasmEngine engine = new WasmEngine(config);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      EngineIsolate isolate = engine.addIsolate("a");
      ModuleHandle handle = engine.compile(isolate, module(0));
      handle.tierUp(3);
      Instance instance = handle.instantiate(store, Imports.NONE);
      isolate.debugger().enter();
      assertThat(result(instance, "f3", 1)).isEqualTo(4);
      isolate.debugger().leave();
      engine.flushBaseline();
      assertThat(result(handle.instantiate(store, Imports.NONE), "f3", 1)).isEqualTo(4);
      String script = handle.info().scriptUrl();
      handle.close();
      await("all are retired", () -> listener.told(GenerationRetired.class).size() == 3);

      assertThat(listener.told(GenerationPublished.class))
          .allMatch(e -> e.scriptUrl().equals(script))
          .extracting(e -> e.generation() + " " + e.tier() + " " + e.cause())
          .containsExactly("0 baseline FIRST", "1 mixed REQUEST", "2 debug KIND");
    }
    assertGenerationsAreRetired();
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
