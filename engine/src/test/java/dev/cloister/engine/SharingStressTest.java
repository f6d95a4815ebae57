package dev.cloister.engine;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.engine.stats.ModuleCompiled;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many threads, isolates and modules that come and go in the middle of everything.
///
/// Strategy: every thread does random steps on what all of them share: isolates are added and
/// removed, modules compiled in every way, cancelled, shared, called and let go, some of them
/// invalid.
///
/// Invariants, after every step: modules and isolates agree on who uses whom, handles are counted
/// right, and every answer is that of the module. In the end: as many compilations were told of as
/// were begun, no job, flight or owned prefix is left, and no module once the collector has come.
@Timeout(300)
final class SharingStressTest {
  private static final int THREADS = 6;
  private static final int STEPS = Boolean.getBoolean("slow") ? 20_000 : 600;
  private static final int MODULES = 12;
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  private final LongAdder begun = new LongAdder();
  private final LongAdder told = new LongAdder();
  private final LongAdder ended = new LongAdder();
  private final WasmEngine engine =
      new WasmEngine(
          EngineConfig.defaults().toBuilder()
              .listener(
                  new EngineListener() {
                    @Override
                    public void moduleCompiled(ModuleCompiled event) {
                      told.increment();
                    }

                    @Override
                    public void compileJobChanged(CompileJobInfo job) {
                      if (job.state().isEnd()) {
                        ended.increment();
                      }
                    }
                  })
              .build());
  private final List<EngineIsolate> isolates = new CopyOnWriteArrayList<>();
  private final List<Held> held = new CopyOnWriteArrayList<>();
  private final AtomicInteger names = new AtomicInteger();

  /// A handle and what its module answers.
  private record Held(ModuleHandle handle, int answer) {}

  /// Module `number`; odd thirds are invalid.
  private static byte[] module(int number) {
    return new ModuleBuilder()
        .exportFunction("answer", TO_INT, code -> code.i32Const(number))
        .exportFunction(
            "other",
            TO_INT,
            code -> {
              if (isInvalid(number)) {
                code.i64Const(1);
              } else {
                code.i32Const(1);
              }
            })
        .build();
  }

  private static boolean isInvalid(int number) {
    return number % 3 == 1;
  }

  @Test
  void everything_atOnce_keepsTheInvariants() throws Exception {
    long seed = Seed.value();
    for (int i = 0; i < 3; i++) {
      isolates.add(engine.addIsolate("isolate " + names.incrementAndGet()));
    }
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> threads = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        Random random = new Random(seed + t);
        threads.add(
            executor.submit(() -> {
              for (int step = 0; step < STEPS; step++) {
                step(random);
                engine.shared().checkInvariants();
              }
            }));
      }
      for (Future<?> thread : threads) {
        thread.get();
      }
    }
    assertNothingIsLeft();
  }

  private void assertNothingIsLeft() throws InterruptedException {
    await(() -> engine.compileJobs().isEmpty());
    isolates.forEach(EngineIsolate::close);
    held.clear();
    engine.shared().checkInvariants();
    assertThat(engine.nativeModules()).isEmpty();
    assertThat(engine.statistics().isolates()).isZero();
    await(() -> begun.sum() == told.sum() && begun.sum() == ended.sum());
    await(() -> {
      System.gc();
      return engine.cacheSize().equals(new NativeModuleCache.Size(0, 0, 0));
    });
    engine.close();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  private void step(Random random) {
    switch (random.nextInt(14)) {
      case 0 -> isolates.add(engine.addIsolate("isolate " + names.incrementAndGet()));
      case 1 -> removeIsolate(random);
      case 2, 3, 4, 5, 6 -> compile(random);
      case 7 ->
          engine.compileJobs().stream()
              .skip(random.nextInt(3))
              .findFirst()
              .ifPresent(job -> engine.cancelCompileJob(job.id()));
      case 8 -> share(random);
      case 9 -> {
        EngineIsolate isolate = any(isolates, random);
        if (isolate != null) {
          isolate.cancelCompileJobs("tag " + random.nextInt(3));
        }
      }
      case 10, 11 -> letGo(random);
      default -> call(random);
    }
  }

  private static <T> @Nullable T any(List<T> list, Random random) {
    Object[] all = list.toArray();
    @SuppressWarnings("unchecked")
    @Nullable T chosen = all.length == 0 ? null : (T) all[random.nextInt(all.length)];
    return chosen;
  }

  private void removeIsolate(Random random) {
    EngineIsolate isolate = any(isolates, random);
    if (isolate != null && isolates.size() > 2 && isolates.remove(isolate)) {
      isolate.close();
      held.removeIf(one -> one.handle().isolate() == isolate);
    }
  }

  private void letGo(Random random) {
    Held one = any(held, random);
    if (one != null && held.remove(one)) {
      one.handle().close();
    }
  }

  private void compile(Random random) {
    EngineIsolate isolate = any(isolates, random);
    int number = random.nextInt(MODULES);
    if (isolate == null) {
      return;
    }
    try {
      ModuleHandle handle = compile(isolate, number, random);
      if (handle != null) {
        assertThat(isInvalid(number)).as("module %s", number).isFalse();
        keep(new Held(handle, number));
      }
    } catch (InvalidModuleException e) {
      assertThat(isInvalid(number)).isTrue();
      assertThat(e).hasMessageContaining("in function 1");
    } catch (CompilationCancelledException _) {
      // By another thread.
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("the isolate was removed");
    }
  }

  private void keep(Held one) {
    held.add(one);
    if (held.size() > 40) {
      Held oldest = held.removeFirst();
      oldest.handle().close();
    }
  }

  private @Nullable ModuleHandle compile(EngineIsolate isolate, int number, Random random) {
    byte[] bytes = module(number);
    CompileOptions options = CompileOptions.defaults().withTag("tag " + random.nextInt(3));
    switch (random.nextInt(3)) {
      case 0 -> {
        return counted(() -> engine.compile(isolate, bytes, options));
      }
      case 1 -> {
        return counted(() -> join(engine.compileAsync(isolate, bytes, options)));
      }
      default -> {
        StreamingCompilation streaming = counted(() -> engine.startStreaming(isolate, options));
        try {
          for (int at = 0; at < bytes.length; ) {
            int size = Math.min(1 + random.nextInt(30), bytes.length - at);
            streaming.push(bytes, at, size);
            at += size;
            if (random.nextInt(20) == 0) {
              return null;
            }
          }
          return streaming.finish();
        } finally {
          streaming.abort();
        }
      }
    }
  }

  /// Counts what was begun: all but what was refused since the isolate is gone.
  private <T> T counted(Supplier<T> begin) {
    boolean isRefused = false;
    try {
      return begin.get();
    } catch (CompilationCancelledException e) {
      throw e;
    } catch (IllegalStateException e) {
      isRefused = true;
      throw e;
    } finally {
      if (!isRefused) {
        begun.increment();
      }
    }
  }

  private static ModuleHandle join(Future<ModuleHandle> future) {
    try {
      return future.get();
    } catch (CancellationException | ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError("no fault of a module", e);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts", e);
    }
  }

  private void share(Random random) {
    Held one = any(held, random);
    EngineIsolate isolate = any(isolates, random);
    if (one == null || isolate == null) {
      return;
    }
    try {
      keep(new Held(one.handle().shareWith(isolate), one.answer()));
    } catch (IllegalStateException e) {
      assertThat(e.getMessage()).containsAnyOf("the handle is closed", "the isolate was removed");
    }
  }

  private void call(Random random) {
    Held one = any(held, random);
    if (one == null) {
      return;
    }
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      assertThat(TestEngine.intResult(one.handle().instantiate(store, Imports.NONE), "answer"))
          .isEqualTo(one.answer());
    }
  }
}
