package dev.cloister.engine.stats;

import java.lang.ref.WeakReference;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Samples the sizes of an engine's code and metadata, at collections of the JVM and on a timer (V8
/// samples in the epilogue of collections alone, which favours programs that allocate much).
///
/// One daemon thread of the JVM samples for all engines, so nothing is computed on the thread that
/// tells of collections, nor on those of guests. Safe to use by any thread.
public final class CodeSampler implements AutoCloseable {
  /// From this many bytes on the part is sampled that is freed; of less it says little.
  static final long MIN_DEFINED_BYTES = 2L << 20;

  /// Collections that follow each other faster are sampled once.
  private static final long MIN_GAP_NANOS = 1_000_000_000;

  private static final long KIB = 1_024;
  private static final int IDLE_SECONDS = 30;
  private static final ScheduledThreadPoolExecutor THREAD = newThread();

  private final Supplier<CodeSizes> sizes;
  private final EngineEvents events;
  private final Clock clock;
  private final Map<SampleTrigger, Map<SizeMetric, SizeHistogram>> histograms =
      new EnumMap<>(SampleTrigger.class);

  /// What [GcNotifications] holds weakly.
  private final Runnable gcListener = this::collected;

  private final AtomicBoolean isDue = new AtomicBoolean();
  private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());
  private final @Nullable ScheduledFuture<?> timer;
  private volatile @Nullable CodeSample last;

  /// Starts sampling.
  ///
  /// @param period between samples of the timer; zero for no samples but those that are asked for
  /// @param sizes looks what there is; called without locks
  public CodeSampler(Duration period, Supplier<CodeSizes> sizes, EngineEvents events, Clock clock) {
    this.sizes = sizes;
    this.events = events;
    this.clock = clock;
    for (SampleTrigger trigger : SampleTrigger.values()) {
      Map<SizeMetric, SizeHistogram> byMetric = new EnumMap<>(SizeMetric.class);
      for (SizeMetric metric : SizeMetric.values()) {
        byMetric.put(metric, new SizeHistogram());
      }
      histograms.put(trigger, byMetric);
    }
    if (period.isZero()) {
      this.timer = null;
      return;
    }
    Tick tick = new Tick(new WeakReference<>(this));
    this.timer =
        THREAD.scheduleAtFixedRate(tick, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
    GcNotifications.add(gcListener);
  }

  private static ScheduledThreadPoolExecutor newThread() {
    ScheduledThreadPoolExecutor made =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "cloister-code-sampler");
              thread.setDaemon(true);
              return thread;
            });
    made.setRemoveOnCancelPolicy(true);
    made.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    made.allowCoreThreadTimeOut(true);
    return made;
  }

  /// Lets a sampler take a sample unless it is gone, and ends with it.
  private record Tick(WeakReference<CodeSampler> sampler) implements Runnable {
    @Override
    public void run() {
      CodeSampler found = sampler.get();
      if (found == null) {
        throw new IllegalStateException("the engine is gone"); // Which ends the timer.
      }
      found.sample(SampleTrigger.TIMER);
    }
  }

  /// The JVM has collected garbage. On its thread, which must not wait.
  private void collected() {
    long now = System.nanoTime();
    if (now - nextNanos.get() < 0 || !isDue.compareAndSet(false, true)) {
      return;
    }
    nextNanos.set(now + MIN_GAP_NANOS);
    THREAD.execute(() -> {
      isDue.set(false);
      sample(SampleTrigger.GC);
    });
  }

  /// Takes a sample, tells the listeners and returns it.
  public CodeSample sample(SampleTrigger trigger) {
    CodeSample sample = new CodeSample(trigger, clock.instant(), sizes.get());
    record(trigger, sample.sizes());
    last = sample;
    events.tell(listener -> listener.codeSampled(sample));
    return sample;
  }

  private void record(SampleTrigger trigger, CodeSizes seen) {
    for (CodeSizes.Module module : seen.modules()) {
      add(trigger, SizeMetric.MODULE_CODE, module.codeBytes() / KIB);
      add(trigger, SizeMetric.MODULE_METADATA, module.metadataBytes() / KIB);
      if (module.definedBytes() >= MIN_DEFINED_BYTES) {
        long percent = 100 * module.freedBytes() / module.definedBytes();
        add(trigger, SizeMetric.MODULE_CODE_FREED, percent);
      }
    }
    add(trigger, SizeMetric.MODULES_PER_ENGINE, seen.modules().size());
    add(trigger, SizeMetric.ENGINE_METADATA, seen.engineBytes() / KIB);
    add(trigger, SizeMetric.SHARED_CODE, seen.sharedCodeBytes() / KIB);
    for (CodeSizes.Share share : seen.shares().values()) {
      add(trigger, SizeMetric.MODULES_PER_ISOLATE, share.modules());
      add(trigger, SizeMetric.ISOLATE_CODE, share.codeBytes() / KIB);
      add(trigger, SizeMetric.ISOLATE_METADATA, share.metadataBytes() / KIB);
    }
  }

  private void add(SampleTrigger trigger, SizeMetric metric, long value) {
    histogram(trigger, metric).add(value);
  }

  /// {@return what was sampled for a reason}
  public SizeHistogram histogram(SampleTrigger trigger, SizeMetric metric) {
    // There is one for each.
    return histograms.getOrDefault(trigger, Map.of()).getOrDefault(metric, new SizeHistogram());
  }

  /// {@return how many samples were taken for a reason}
  public long samples(SampleTrigger trigger) {
    return histogram(trigger, SizeMetric.MODULES_PER_ENGINE).snapshot().total();
  }

  /// {@return the newest sample, or null if there is none yet}
  public @Nullable CodeSample last() {
    return last;
  }

  /// Ends sampling but for samples that are asked for. Repeating it does nothing.
  @Override
  public void close() {
    GcNotifications.remove(gcListener);
    if (timer != null) {
      timer.cancel(/* mayInterruptIfRunning= */ false);
    }
  }
}
