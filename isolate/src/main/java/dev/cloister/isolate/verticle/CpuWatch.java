package dev.cloister.isolate.verticle;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/// Looks at the CPU time of all running calls of all tenants, every few milliseconds while there
/// are any. Any thread.
///
/// A call that uses more than it may is therefore noticed at most one interval late.
public final class CpuWatch {
  private static final long INTERVAL_MILLIS = 10;

  private final DeadlineTimer timer;
  private final CpuClock clock;
  private final LongSupplier nanoTime;
  private final Set<CpuMeter> running = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean isScheduled = new AtomicBoolean();

  /// Makes a watch by the clock of the operating system.
  ///
  /// @param timer says when to look
  /// @param nanoTime the clock that all calls use
  public CpuWatch(DeadlineTimer timer, LongSupplier nanoTime) {
    this(timer, nanoTime, CpuClock.system());
  }

  CpuWatch(DeadlineTimer timer, LongSupplier nanoTime, CpuClock clock) {
    this.timer = timer;
    this.nanoTime = nanoTime;
    this.clock = clock;
  }

  /// Begins to measure a call, which the calling thread runs.
  ///
  /// @param bucket the tenant's
  /// @param limits the call's
  /// @param onExceeded called once if the call uses more than it may
  CpuMeter begin(CpuBucket bucket, CallLimits limits, Runnable onExceeded) {
    CpuMeter meter =
        new CpuMeter(
            clock,
            bucket,
            TimeUnit.MILLISECONDS.toNanos(limits.cpuMillisPerCall()),
            limits.cpuMillisPerSecond(),
            onExceeded);
    running.add(meter);
    schedule();
    return meter;
  }

  /// Ends the measurement; on the thread that began it.
  void end(CpuMeter meter) {
    running.remove(meter);
    meter.end(nanoTime.getAsLong());
  }

  private void schedule() {
    if (!isScheduled.get() && isScheduled.compareAndSet(false, true)) {
      Runnable _ = timer.schedule(INTERVAL_MILLIS, this::look);
    }
  }

  private void look() {
    long nowNanos = nanoTime.getAsLong();
    running.forEach(meter -> meter.look(nowNanos));
    // A call that begins after this schedules the next look; one that began before it is seen.
    isScheduled.set(false);
    if (!running.isEmpty()) {
      schedule();
    }
  }
}
