package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.jspecify.annotations.Nullable;

/// The CPU time of one running call, from its thread's clock.
///
/// The thread that runs the call begins and ends it; between these the [CpuWatch] looks at it.
final class CpuMeter {
  private final Thread thread;
  private final CpuClock clock;
  private final CpuBucket bucket;
  private final long allowedNanos;
  private final long millisPerSecond;
  private final Runnable onExceeded;
  private final long startNanos;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private long usedNanos;

  @GuardedBy("lock")
  private boolean isTold;

  @GuardedBy("lock")
  private boolean isEnded;

  /// Begins to measure the calling thread.
  ///
  /// @param bucket what the call uses is taken from it
  /// @param allowedNanos the most that the call may use
  /// @param millisPerSecond the tenant's share of CPU time
  /// @param onExceeded called once if the call uses more than it may, on the watch's thread
  CpuMeter(
      CpuClock clock,
      CpuBucket bucket,
      long allowedNanos,
      long millisPerSecond,
      Runnable onExceeded) {
    this.thread = Thread.currentThread();
    this.clock = clock;
    this.bucket = bucket;
    this.allowedNanos = allowedNanos;
    this.millisPerSecond = millisPerSecond;
    this.onExceeded = onExceeded;
    this.startNanos = clock.nanosOfCaller();
  }

  /// Takes what was used since the last look, and tells if it is too much.
  ///
  /// @param nowNanos the time on the clock that all calls use
  void look(long nowNanos) {
    synchronized (lock) {
      // After the end the thread may already run another call.
      if (isEnded) {
        return;
      }
      account(nowNanos, clock.nanosOf(thread));
      if (usedNanos <= allowedNanos || isTold) {
        return;
      }
      isTold = true;
    }
    onExceeded.run();
  }

  /// Takes the rest; the thread that began ends.
  void end(long nowNanos) {
    synchronized (lock) {
      account(nowNanos, clock.nanosOfCaller());
      isEnded = true;
    }
  }

  /// Cheaper than the one that every object has.
  @Override
  public int hashCode() {
    return Long.hashCode(startNanos);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // each is itself
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  /// The CPU time that the call was seen to use, in nanoseconds.
  long usedNanos() {
    synchronized (lock) {
      return usedNanos;
    }
  }

  @GuardedBy("lock")
  private void account(long nowNanos, long clockNanos) {
    long used = clockNanos - startNanos;
    if (used > usedNanos) {
      bucket.debit(nowNanos, used - usedNanos, millisPerSecond);
      usedNanos = used;
    }
  }
}
