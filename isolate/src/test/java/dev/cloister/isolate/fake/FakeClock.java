package dev.cloister.isolate.fake;

import dev.cloister.isolate.wasi.WasiClock;

/// Clocks that only move when somebody waits, or when they are told to.
public final class FakeClock implements WasiClock {
  private long nanos;
  private Runnable onPause = () -> {};

  /// Starts at 0; the real time is a second ahead.
  public FakeClock() {}

  /// Moves on.
  public void advance(long byNanos) {
    nanos += byNanos;
  }

  /// Does something before each wait.
  public void onPause(Runnable action) {
    onPause = action;
  }

  @Override
  public long realtimeNanos() {
    return nanos + 1_000_000_000L;
  }

  @Override
  public long monotonicNanos() {
    return nanos;
  }

  @Override
  public long resolutionNanos() {
    return 1;
  }

  @Override
  public void pause(long forNanos) {
    onPause.run();
    nanos += forNanos;
  }
}
