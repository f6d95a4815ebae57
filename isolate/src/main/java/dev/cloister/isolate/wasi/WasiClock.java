package dev.cloister.isolate.wasi;

import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/// The clocks of a guest.
public interface WasiClock {
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  long realtimeNanos();

  /// Nanoseconds since some moment; never goes back.
  long monotonicNanos();

  /// The step of both clocks in nanoseconds.
  long resolutionNanos();

  /// Waits up to `nanos` nanoseconds; may return early for any reason.
  void pause(long nanos);

  /// The clocks of this machine, the monotonic one counted from now.
  static WasiClock system() {
    long start = System.nanoTime();
    return new WasiClock() {
      @Override
      public long realtimeNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
      }

      @Override
      public long monotonicNanos() {
        return System.nanoTime() - start;
      }

      @Override
      public long resolutionNanos() {
        return 1_000;
      }

      @Override
      public void pause(long nanos) {
        LockSupport.parkNanos(this, nanos);
      }
    };
  }
}
