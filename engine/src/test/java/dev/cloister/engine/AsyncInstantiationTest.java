package dev.cloister.engine;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.ModuleInstantiated;
import dev.cloister.engine.types.FuncType;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Instances that are made on a thread of the embedder's: each attempt ends once, in time, and the
/// store is free when it has.
@Timeout(120)
final class AsyncInstantiationTest {
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final Duration LONG = Duration.ofMinutes(5);

  private final List<ModuleInstantiated> told = new CopyOnWriteArrayList<>();
  private final WasmEngine engine =
      new WasmEngine(
          EngineConfig.defaults().toBuilder()
              .listener(
                  new EngineListener() {
                    @Override
                    public void moduleInstantiated(ModuleInstantiated event) {
                      told.add(event);
                    }
                  })
              .build());
  private final EngineIsolate isolate = engine.addIsolate("a");
  private final ExecutorService guests = Executors.newCachedThreadPool();
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  @AfterEach
  void close() {
    guests.shutdown();
    store.close();
    engine.close();
  }

  /// A module whose function `f` returns 42 and whose start function is `start`.
  private ModuleHandle compile(Consumer<CodeBuilder> start) {
    ModuleBuilder module =
        new ModuleBuilder().exportFunction("f", TO_INT, code -> code.i32Const(42));
    module.function(FuncType.EMPTY, start);
    return engine.compile(isolate, module.start(1).build());
  }

  private static void spin(CodeBuilder code) {
    code.loop().br(0).end();
  }

  private static void assertStopped(CompletableFuture<Instance> result, StopReason reason) {
    assertThatThrownBy(result::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            StoppedException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void instance_isThereWhenTheStartFunctionHasRun() throws Exception {
    AsyncInstantiation made = compile(_ -> {}).instantiateAsync(store, Imports.NONE, guests, LONG);

    assertThat(result(made.result().get(), "f")).isEqualTo(42);
    assertThat(made.cancel()).isFalse();
    assertThat(store.isStopRequested()).isFalse();
    assertThat(told)
        .singleElement()
        .satisfies(e -> {
          assertThat(e.isAsync()).isTrue();
          assertThat(e.isSuccess()).isTrue();
        });
  }

  @Test
  void startFunctionThatTraps_isTheResult() {
    AsyncInstantiation made =
        compile(code -> code.op(Opcode.UNREACHABLE))
            .instantiateAsync(store, Imports.NONE, guests, LONG);

    assertThatThrownBy(made.result()::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(TrapException.class);
    assertThat(told).singleElement().satisfies(e -> assertThat(e.isSuccess()).isFalse());
  }

  @Test
  void startFunctionWithoutEnd_isStoppedAtTheDeadline() {
    AsyncInstantiation made =
        compile(AsyncInstantiationTest::spin)
            .instantiateAsync(store, Imports.NONE, guests, Duration.ofMillis(50));

    assertStopped(made.result(), StopReason.DEADLINE);
    assertThat(made.cancel()).isFalse();
  }

  @Test
  void cancel_endsTheStartFunction_andOnlyThenTheResult() throws Exception {
    CountDownLatch left = new CountDownLatch(1);
    AsyncInstantiation made =
        compile(AsyncInstantiationTest::spin)
            .instantiateAsync(
                store,
                Imports.NONE,
                task ->
                    guests.execute(() -> {
                      task.run();
                      left.countDown();
                    }),
                LONG);
    assertThat(made.result()).isNotDone();

    assertThat(made.cancel()).isTrue();
    assertThat(made.cancel()).isFalse();
    assertStopped(made.result(), StopReason.CANCELLED);
    left.await();
  }

  @Test
  void cancel_beforeAThreadBegins_endsItAtOnce() {
    Deque<Runnable> tasks = new ArrayDeque<>();
    AsyncInstantiation made =
        compile(_ -> {}).instantiateAsync(store, Imports.NONE, tasks::add, LONG);
    assertThat(made.result()).isNotDone();

    assertThat(made.cancel()).isTrue();
    assertStopped(made.result(), StopReason.CANCELLED);
    tasks.remove().run();
    assertThat(told).isEmpty();
  }

  @Test
  void deadline_includesTheWaitForAThread() {
    AsyncInstantiation made =
        compile(_ -> {}).instantiateAsync(store, Imports.NONE, _ -> {}, Duration.ofMillis(10));

    assertStopped(made.result(), StopReason.DEADLINE);
  }

  @Test
  void executorThatRefuses_isTheResult() {
    AsyncInstantiation made =
        compile(_ -> {})
            .instantiateAsync(
                store,
                Imports.NONE,
                _ -> {
                  throw new RejectedExecutionException("full");
                },
                LONG);

    assertThatThrownBy(made.result()::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(RejectedExecutionException.class);
    assertThat(made.cancel()).isFalse();
    assertThat(store.isStopRequested()).isFalse();
  }

  @Test
  void result_thatACallerCancels_leavesTheWorkAlone() throws Exception {
    AsyncInstantiation made = compile(_ -> {}).instantiateAsync(store, Imports.NONE, guests, LONG);

    made.result().cancel(true);
    assertThat(result(made.result().get(), "f")).isEqualTo(42);
  }

  /// Whoever cancels while the work ends either gets an instance that runs, or none.
  @Test
  void stress_cancelRacingWithTheEnd_isOneOrTheOther() throws Exception {
    Random random = Seed.random();
    ModuleHandle module = compile(_ -> {});
    int made = 0;
    int rounds = 2_000;
    for (int i = 0; i < rounds; i++) {
      try (Store own = new Store(HeapLimiter.UNLIMITED)) {
        AsyncInstantiation attempt = module.instantiateAsync(own, Imports.NONE, guests, LONG);
        for (int spins = random.nextInt(20_000); spins > 0; spins--) {
          Thread.onSpinWait();
        }
        boolean isStopped = attempt.cancel();
        try {
          Instance instance = attempt.result().get();
          assertThat(isStopped).isFalse();
          assertThat(result(instance, "f")).isEqualTo(42);
          made++;
        } catch (ExecutionException e) {
          assertThat(e).hasCauseInstanceOf(StoppedException.class);
          assertThat(isStopped).isTrue();
        }
      }
    }
    assertThat(told.stream().filter(ModuleInstantiated::isSuccess)).hasSizeBetween(made, rounds);
  }
}
