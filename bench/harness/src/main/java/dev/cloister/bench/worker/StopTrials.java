package dev.cloister.bench.worker;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// How long it takes to stop guests that never end: from the request until the caller of the guest
/// knows.
///
/// One guest after the other runs on a thread of its own, long enough for the JIT, and is stopped
/// at a moment that has nothing to do with the engine's ticks.
final class StopTrials implements AutoCloseable {
  /// A thread's stack as the server gives it to guests.
  private static final long STACK_BYTES = 1 << 20;

  private static final int WARM_UP_STOPS = 10;
  private static final long MIN_RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(30);
  private static final int SPREAD_NANOS = 20_000_000;
  private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(40);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final WasmEngine engine;
  private final ModuleHandle module;
  private final ExecutorService thread = newThread();
  private final Random random = new Random(1);
  private volatile long guest;

  StopTrials(CodeKind kind, byte[] wasm) {
    engine = new WasmEngine(EngineConfig.defaults().withCodeKind(kind).withStops(unlimited()));
    EngineIsolate isolate = engine.addIsolate("bench");
    module = engine.compile(isolate, wasm);
  }

  /// {@return the engine's tick, but any number of armings and no quarantine: each stop is one as
  /// the first is}
  private static StopPolicy unlimited() {
    return new StopPolicy(
        StopPolicy.defaults().tickNanos(), StopPolicy.MAX_EVENTS, 1, StopPolicy.MAX_EVENTS, 1);
  }

  static ExecutorService newThread() {
    return Executors.newSingleThreadExecutor(task -> {
      Thread thread = new Thread(null, task, "stopped", STACK_BYTES);
      thread.setDaemon(true);
      return thread;
    });
  }

  /// {@return what the modules of the trials import: `pause` waits for a millisecond}
  static Imports imports() {
    HostFunction pause =
        HostFunction.of(
            FuncType.EMPTY,
            (_, _) -> {
              LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
              return new Object[0];
            });
    return Imports.builder().define("host", "pause", pause).build();
  }

  /// {@return the latencies of so many stops, in nanoseconds: median, 99th percentile, the longest;
  /// then the same of how much CPU time the guest still took, in which other processes do not count}
  ///
  /// @param export the function that never ends, or null for the start function
  String run(@Nullable String export, int count) throws ExecutionException, InterruptedException {
    for (int i = 0; i < WARM_UP_STOPS; i++) {
      stopOne(export);
    }
    long[] latencies = new long[count];
    long[] cpu = new long[count];
    for (int i = 0; i < count; i++) {
      Times times = stopOne(export);
      latencies[i] = times.wall();
      cpu[i] = times.cpu();
    }
    return quantiles(latencies) + "\t" + quantiles(cpu);
  }

  /// {@return how much later than it wanted a thread wakes beside another one that is busy, as for
  /// [#run]: what the machine adds to every latency}
  String noise(int count) throws ExecutionException, InterruptedException {
    AtomicBoolean isOver = new AtomicBoolean();
    Future<?> busy =
        thread.submit(() -> {
          while (!isOver.get()) {
            Thread.onSpinWait();
          }
        });
    long[] late = new long[count];
    for (int i = 0; i < count; i++) {
      long wanted = System.nanoTime() + NAP_NANOS;
      TimeUnit.NANOSECONDS.sleep(NAP_NANOS);
      late[i] = System.nanoTime() - wanted;
    }
    isOver.set(true);
    busy.get();
    return quantiles(late) + "\t" + quantiles(new long[count]);
  }

  private static String quantiles(long[] nanos) {
    Arrays.sort(nanos);
    int count = nanos.length;
    int p99 = (count * 99 + 99) / 100 - 1;
    return nanos[count / 2] + "\t" + nanos[p99] + "\t" + nanos[count - 1];
  }

  private record Times(long wall, long cpu) {}

  private Times stopOne(@Nullable String export) throws ExecutionException, InterruptedException {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Future<Times> end = thread.submit(() -> runUntilStopped(store, export));
      TimeUnit.NANOSECONDS.sleep(MIN_RUN_NANOS + random.nextInt(SPREAD_NANOS));
      long cpu = THREADS.getThreadCpuTime(guest);
      long wall = System.nanoTime();
      store.requestStop(StopReason.DEADLINE);
      Times times = end.get();
      return new Times(times.wall() - wall, times.cpu() - cpu);
    }
  }

  private Times runUntilStopped(Store store, @Nullable String export) {
    guest = Thread.currentThread().threadId();
    try {
      Instance instance = module.instantiate(store, imports());
      if (export != null) {
        instance.exportedFunction(export).call();
      }
      throw new IllegalStateException("the guest has ended");
    } catch (StoppedException _) {
      return new Times(System.nanoTime(), THREADS.getCurrentThreadCpuTime());
    }
  }

  @Override
  public void close() {
    thread.shutdown();
    engine.close();
  }
}
