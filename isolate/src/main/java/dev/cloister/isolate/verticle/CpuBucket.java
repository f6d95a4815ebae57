package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;

/// The CPU time of a tenant: a share per second, with a burst of one second's worth.
///
/// What running calls use is taken when it was used, so the bucket can be in debt; then no call is
/// admitted until the debt is paid, at the share that holds then. Any thread.
final class CpuBucket {
  private static final long MILLIS_PER_SECOND = 1_000;

  private final Object lock = new Object();

  /// What may be used at `fillNanos`, in nanoseconds of CPU time; below 0 in debt.
  @GuardedBy("lock")
  private long availableNanos;

  /// Up to when the bucket was filled.
  @GuardedBy("lock")
  private long fillNanos;

  @GuardedBy("lock")
  private long usedNanos;

  /// Starts with one second's worth of the share that the first call comes with.
  CpuBucket(long nowNanos) {
    fillNanos = nowNanos - TimeUnit.SECONDS.toNanos(1);
  }

  /// Takes what was used.
  ///
  /// @param nowNanos the time on the clock that all calls use
  /// @param cpuNanos the CPU time
  /// @param millisPerSecond the tenant's share, at least 1
  void debit(long nowNanos, long cpuNanos, long millisPerSecond) {
    synchronized (lock) {
      fill(nowNanos, millisPerSecond);
      availableNanos -= cpuNanos;
      usedNanos += cpuNanos;
    }
  }

  /// Returns 0 if a call may begin, else the nanoseconds after which one may.
  ///
  /// @param nowNanos the time on the clock that all calls use
  /// @param millisPerSecond the tenant's share, at least 1
  long waitNanos(long nowNanos, long millisPerSecond) {
    synchronized (lock) {
      fill(nowNanos, millisPerSecond);
      return availableNanos >= 0 ? 0 : wallNanos(-availableNanos, millisPerSecond);
    }
  }

  /// All that was ever taken, in nanoseconds.
  long usedNanos() {
    synchronized (lock) {
      return usedNanos;
    }
  }

  @GuardedBy("lock")
  private void fill(long nowNanos, long millisPerSecond) {
    long capacityNanos = TimeUnit.MILLISECONDS.toNanos(millisPerSecond);
    long elapsedNanos = nowNanos - fillNanos;
    if (elapsedNanos >= wallNanos(capacityNanos - availableNanos, millisPerSecond)) {
      availableNanos = capacityNanos;
      fillNanos = nowNanos;
    } else if (elapsedNanos > 0) {
      long gainedNanos = elapsedNanos * millisPerSecond / MILLIS_PER_SECOND;
      availableNanos += gainedNanos;
      // What does not make a whole nanosecond is counted next time.
      fillNanos += wallNanos(gainedNanos, millisPerSecond);
    }
  }

  /// How long the share takes to give so much; no overflow up to a hundred days at the smallest.
  private static long wallNanos(long cpuNanos, long millisPerSecond) {
    return cpuNanos * MILLIS_PER_SECOND / millisPerSecond;
  }
}
