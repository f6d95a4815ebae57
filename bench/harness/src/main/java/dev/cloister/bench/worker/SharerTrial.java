package dev.cloister.bench.worker;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.Store;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// What one isolate notices when another one on the same module is stopped continually.
///
/// The neighbour calls a function again and again and takes the time of each call. The other
/// isolate makes instances and lets each of them run for some milliseconds; then it is stopped, or,
/// for control, called no more: it has been doing the same in short calls. Rounds of both kinds
/// alternate.
final class SharerTrial implements AutoCloseable {
  private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /// More turns than anybody waits for.
  private static final long FOR_EVER = Long.MAX_VALUE;

  /// The turns of a short call: some ten microseconds.
  private static final long FEW = 20_000;

  private static final int MAX_SAMPLES = 1 << 20;
  private static final int WARM_UP_ROUNDS = 2;

  private final WasmEngine engine;
  private final ModuleHandle restless;
  private final FuncRef work;
  private final Store workStore = new Store(HeapLimiter.UNLIMITED);
  private final ExecutorService guest = StopTrials.newThread();
  private final long[] samples = new long[MAX_SAMPLES];
  private volatile boolean isRoundOver;
  private volatile boolean isRunOver;

  /// @param isQuarantined whether the policy is the engine's; else isolates are never put into
  ///   quarantine
  SharerTrial(CodeKind kind, byte[] wasm, boolean isQuarantined) {
    StopPolicy usual = StopPolicy.defaults();
    StopPolicy policy =
        isQuarantined
            ? usual
            : new StopPolicy(
                usual.tickNanos(),
                usual.armings(),
                usual.armingWindowNanos(),
                StopPolicy.MAX_EVENTS,
                1);
    engine = new WasmEngine(EngineConfig.defaults().withCodeKind(kind).withStops(policy));
    restless = engine.compile(engine.addIsolate("restless"), wasm);
    ModuleHandle shared = engine.compile(engine.addIsolate("neighbour"), wasm);
    work = shared.instantiate(workStore, StopTrials.imports()).exportedFunction("work");
  }

  /// {@return the median over the rounds of the ratios of the 99th percentiles; the median 99th
  /// percentiles without and with stops, in nanoseconds; the number of stops and of armings in the
  /// rounds that count}
  String run(int rounds, long roundNanos) throws ExecutionException, InterruptedException {
    for (int i = 0; i < WARM_UP_ROUNDS; i++) {
      round(roundNanos, /* isStopped= */ true);
      round(roundNanos, /* isStopped= */ false);
    }
    Stopper.Figures before = engine.statistics().stops();
    double[] control = new double[rounds];
    double[] stopped = new double[rounds];
    double[] ratios = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      // Neither is always the first.
      if (i % 2 == 0) {
        control[i] = round(roundNanos, /* isStopped= */ false);
      }
      stopped[i] = round(roundNanos, /* isStopped= */ true);
      if (i % 2 != 0) {
        control[i] = round(roundNanos, /* isStopped= */ false);
      }
      ratios[i] = stopped[i] / control[i];
    }
    Stopper.Figures after = engine.statistics().stops();
    return median(ratios)
        + "\t"
        + median(control)
        + "\t"
        + median(stopped)
        + "\t"
        + (after.stops() - before.stops())
        + "\t"
        + (after.armings() - before.armings());
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  /// One round, with the neighbour on the calling thread.
  ///
  /// @return the 99th percentile of the neighbour's calls
  private double round(long roundNanos, boolean isStopped)
      throws ExecutionException, InterruptedException {
    isRoundOver = false;
    Thread other =
        Thread.ofPlatform()
            .name("restless")
            .start(() -> {
              while (!isRoundOver) {
                try {
                  runOne(isStopped);
                } catch (ExecutionException | InterruptedException failure) {
                  throw new IllegalStateException(failure);
                }
              }
            });
    int count = 0;
    long begin = System.nanoTime();
    long last = begin;
    while (last - begin < roundNanos && count < samples.length) {
      work.call();
      long now = System.nanoTime();
      samples[count++] = now - last;
      last = now;
    }
    isRoundOver = true;
    other.join();
    Arrays.sort(samples, 0, count);
    return samples[(count * 99 + 99) / 100 - 1];
  }

  /// Lets a guest of the restless isolate run for some milliseconds and ends it.
  private void runOne(boolean isStopped) throws ExecutionException, InterruptedException {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      isRunOver = false;
      Future<?> end = guest.submit(() -> runToEnd(store, isStopped));
      TimeUnit.NANOSECONDS.sleep(RUN_NANOS);
      if (isStopped) {
        store.requestStop(StopReason.DEADLINE);
      }
      isRunOver = true;
      end.get();
    }
  }

  private void runToEnd(Store store, boolean isStopped) {
    try {
      FuncRef turns =
          restless.instantiate(store, StopTrials.imports()).exportedFunction("turns");
      while (!isRunOver) {
        turns.call(isStopped ? FOR_EVER : FEW);
      }
    } catch (StoppedException _) {
      // As it was to be.
    }
  }

  @Override
  public void close() {
    guest.shutdown();
    workStore.close();
    engine.close();
  }
}
