package dev.cloister.isolate.verticle;

import java.util.concurrent.atomic.AtomicLong;

/// A limit of calls, or of requests, per second that allows a burst of one second's worth. Any
/// thread, without locks.
///
/// Source: the generic cell rate algorithm, ITU-T I.371, in its form of a virtual schedule.
public final class RateBucket {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /// The time at which the bucket would be full again, were there no more calls.
  private final AtomicLong fullNanos;

  /// Starts full.
  public RateBucket(long nowNanos) {
    fullNanos = new AtomicLong(nowNanos);
  }

  /// Returns how many calls could be taken now, one after the other.
  ///
  /// @param nowNanos the time on the clock that all calls use
  public long available(long nowNanos, long perSecond) {
    long interval = NANOS_PER_SECOND / perSecond;
    long used = Math.max(fullNanos.get() - nowNanos, 0);
    return Math.max(0, (NANOS_PER_SECOND - used) / interval);
  }

  /// Takes one call.
  ///
  /// @param nowNanos the time on the clock that all calls use
  /// @return 0 if it may go on, else the nanoseconds after which another one may
  public long take(long nowNanos, long perSecond) {
    long interval = NANOS_PER_SECOND / perSecond;
    while (true) {
      long full = fullNanos.get();
      long next = Math.max(full - nowNanos, 0) + interval;
      if (next > NANOS_PER_SECOND) {
        return next - NANOS_PER_SECOND;
      }
      if (fullNanos.compareAndSet(full, nowNanos + next)) {
        return 0;
      }
    }
  }
}
