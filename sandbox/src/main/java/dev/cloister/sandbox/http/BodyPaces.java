package dev.cloister.sandbox.http;

import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/// Watches the pace of the bodies that arrive on one event loop, all by one timer, which runs while
/// there are any. Used on the event loop.
final class BodyPaces {
  private static final long TICK_MILLIS = 1_000;
  private static final int SECONDS = 5;

  /// A body's pace is looked at after so many ticks: the first comes within a second.
  static final int TICKS = SECONDS + 1;

  private final Vertx vertx;
  private final int minBytesPerSecond;
  private @Nullable BodyPace first;
  private boolean isTicking;

  /// @param minBytesPerSecond how fast bodies must be, averaged over some seconds; 0 is any pace
  BodyPaces(Vertx vertx, int minBytesPerSecond) {
    this.vertx = vertx;
    this.minBytesPerSecond = minBytesPerSecond;
  }

  int minBytesPerSecond() {
    return minBytesPerSecond;
  }

  /// How many bytes a body must have brought between two looks.
  long requiredBytes() {
    return (long) minBytesPerSecond * SECONDS;
  }

  void add(BodyPace pace) {
    if (minBytesPerSecond == 0 || pace.isWatched) {
      return;
    }
    @Nullable BodyPace next = first;
    pace.next = next;
    if (next != null) {
      next.previous = pace;
    }
    first = pace;
    pace.isWatched = true;
    if (!isTicking) {
      isTicking = true;
      vertx.setPeriodic(TICK_MILLIS, this::tick);
    }
  }

  void remove(BodyPace pace) {
    if (!pace.isWatched) {
      return;
    }
    pace.isWatched = false;
    @Nullable BodyPace next = pace.next;
    @Nullable BodyPace previous = pace.previous;
    if (next != null) {
      next.previous = previous;
    }
    if (previous == null) {
      first = next;
    } else {
      previous.next = next;
    }
    pace.next = null;
    pace.previous = null;
  }

  private void tick(long timer) {
    @Nullable BodyPace pace = first;
    if (pace == null) {
      isTicking = false;
      vertx.cancelTimer(timer);
    }
    while (pace != null) {
      @Nullable BodyPace next = pace.next; // before the body is perhaps given up
      pace.tick();
      pace = next;
    }
  }
}
