package dev.cloister.engine.runtime;

/// The times of the last few events of a kind, to tell whether as many as are counted lie within a
/// window of time. Not safe for use by several threads.
final class EventWindow {
  /// A ring; the oldest time is at `next`.
  private final long[] times;

  private final long lengthNanos;
  private int next;
  private int count;

  /// @param capacity how many events fill the window, at least 1
  /// @param lengthNanos how long the window is
  EventWindow(int capacity, long lengthNanos) {
    this.times = new long[capacity];
    this.lengthNanos = lengthNanos;
  }

  /// Notes an event. Times never decrease.
  void add(long nowNanos) {
    times[next] = nowNanos;
    next = (next + 1) % times.length;
    count = Math.min(count + 1, times.length);
  }

  /// {@return whether as many events as are counted are younger than the window is long}
  boolean isFull(long nowNanos) {
    return count == times.length && nowNanos - times[next] < lengthNanos;
  }

  /// {@return whether any event is younger than the window is long}
  boolean hasAny(long nowNanos) {
    int newest = (next + times.length - 1) % times.length;
    return count > 0 && nowNanos - times[newest] < lengthNanos;
  }

  /// {@return when a window that is full has room again}
  long fullUntilNanos() {
    return times[next] + lengthNanos;
  }
}
