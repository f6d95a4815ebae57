package dev.cloister.sandbox.http;

import org.jspecify.annotations.Nullable;

/// Watches that a body arrives no slower than allowed, so that nobody holds a place with a byte now
/// and then. Time in which the server itself did not read does not count. Used on the event loop.
final class BodyPace {
  private final BodyPaces paces;
  private final Runnable onTooSlow;

  /// One more than the whole seconds since the last look.
  private int ticks;

  private long receivedBytes;
  private boolean isExcused;

  /// The neighbours among the bodies that are watched. They and [#isWatched] belong to [BodyPaces].
  @Nullable BodyPace next;

  @Nullable BodyPace previous;
  boolean isWatched;

  /// @param onTooSlow called once
  BodyPace(BodyPaces paces, Runnable onTooSlow) {
    this.paces = paces;
    this.onTooSlow = onTooSlow;
  }

  /// Begins to watch.
  void start() {
    ticks = 0;
    paces.add(this);
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
    paces.remove(this);
  }

  /// Notes that another second has gone by.
  void tick() {
    if (!isWatched || ++ticks < BodyPaces.TICKS) {
      return;
    }
    boolean isTooSlow = receivedBytes < paces.requiredBytes() && !isExcused;
    ticks = 1; // from now on whole seconds have gone by
    receivedBytes = 0;
    isExcused = false;
    if (isTooSlow) {
      end();
      onTooSlow.run();
    }
  }
}
