package dev.cloister.bench.worker;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Instance;
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
/// for control, ends by itself, so that both do the same but for the stops. Rounds of both kinds
/// alternate.
final class SharerTrial implements AutoCloseable {
  private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /// More than anybody waits for.
  private static final long FOR_EVER = Long.MAX_VALUE;

  private static final int MAX_SAMPLES = 1 << 20;
  private static final int WARM_UP_ROUNDS = 2;

  private final WasmEngine engine;
  private final ModuleHandle restless;
  private final FuncRef work;
  private final Store workStore = new Store(HeapLimiter.UNLIMITED);
  private final ExecutorService guest = StopTrials.newThread();
  private final long[] samples = new long[MAX_SAMPLES];
  private volatile boolean isRoundOver;

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
    long turns = calibrate();
    for (int i = 0; i < WARM_UP_ROUNDS; i++) {
      round(roundNanos, FOR_EVER);
      round(roundNanos, turns);
    }
    Stopper.Figures before = engine.statistics().stops();
    double[] control = new double[rounds];
    double[] stopped = new double[rounds];
    double[] ratios = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      // Neither is always the first.
      if (i % 2 == 0) {
        control[i] = round(roundNanos, turns);
      }
      stopped[i] = round(roundNanos, FOR_EVER);
      if (i % 2 != 0) {
        control[i] = round(roundNanos, turns);
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

  /// {@return how many turns take about as long as a guest runs that is stopped}
  private long calibrate() throws ExecutionException, InterruptedException {
    long turns = 1_000_000;
    // The JIT comes in between; and in quarantine the code is another one.
    for (int i = 0; i < 10; i++) {
      runOne(FOR_EVER);
    }
    for (int i = 0; i < 50; i++) {
      long start = System.nanoTime();
      runOne(turns);
      turns = Math.max(1, Math.round((double) turns * RUN_NANOS / (System.nanoTime() - start)));
    }
    return turns;
  }

  /// One round, with the neighbour on the calling thread.
  ///
  /// @return the 99th percentile of the neighbour's calls
  private double round(long roundNanos, long turns)
      throws ExecutionException, InterruptedException {
    isRoundOver = false;
    Thread other =
        Thread.ofPlatform()
            .name("restless")
            .start(() -> {
              while (!isRoundOver) {
                try {
                  runOne(turns);
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

  /// Runs a guest of the restless isolate until it has ended, and stops it before if need be.
  private void runOne(long turns) throws ExecutionException, InterruptedException {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Future<?> end = guest.submit(() -> runUntilStopped(store, turns));
      TimeUnit.NANOSECONDS.sleep(RUN_NANOS);
      if (turns == FOR_EVER) {
        store.requestStop(StopReason.DEADLINE);
      }
      end.get();
    }
  }

  private void runUntilStopped(Store store, long turns) {
    try {
      Instance instance = restless.instantiate(store, StopTrials.imports());
      instance.exportedFunction("turns").call(turns);
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
