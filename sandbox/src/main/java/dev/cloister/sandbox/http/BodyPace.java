package dev.cloister.sandbox.http;

import io.vertx.core.Vertx;

/// Watches that a body arrives no slower than allowed, so that nobody holds a place with a byte now
/// and then. Time in which the server itself did not read does not count. Used on the event loop.
final class BodyPace {
  private static final long INTERVAL_MILLIS = 5_000;
  private static final long MILLIS_PER_SECOND = 1_000;

  private final Vertx vertx;
  private final int minBytesPerSecond;
  private final Runnable onTooSlow;
  private long timer = -1;
  private long receivedBytes;
  private boolean isExcused;

  /// @param minBytesPerSecond how fast the body must be, averaged over some seconds; 0 is any pace
  /// @param onTooSlow called once
  BodyPace(Vertx vertx, int minBytesPerSecond, Runnable onTooSlow) {
    this.vertx = vertx;
    this.minBytesPerSecond = minBytesPerSecond;
    this.onTooSlow = onTooSlow;
  }

  /// Begins to watch.
  void start() {
    if (minBytesPerSecond > 0) {
      timer = vertx.setPeriodic(INTERVAL_MILLIS, _ -> check());
    }
  }

  /// Notes bytes that arrived.
  void count(int bytes) {
    receivedBytes += bytes;
  }

  /// Notes that the server did not read for a while.
  void excuse() {
    isExcused = true;
  }

  /// Ends the watch; may be called twice.
  void end() {
    if (timer >= 0) {
      vertx.cancelTimer(timer);
      timer = -1;
    }
  }

  private void check() {
    long required = minBytesPerSecond * INTERVAL_MILLIS / MILLIS_PER_SECOND;
    boolean isTooSlow = receivedBytes < required && !isExcused;
    receivedBytes = 0;
    isExcused = false;
    if (isTooSlow) {
      end();
      onTooSlow.run();
    }
  }
}
