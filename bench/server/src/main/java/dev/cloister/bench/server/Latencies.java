package dev.cloister.bench.server;

import java.util.Arrays;

/// How long requests took, in nanoseconds. One thread.
final class Latencies {
  private long[] nanos = new long[1 << 16];
  private int count;
  private boolean isSorted;

  void add(long value) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = value;
    isSorted = false;
  }

  int count() {
    return count;
  }

  /// The value below which a part of all is, in microseconds.
  double micros(double part) {
    if (count == 0) {
      return Double.NaN;
    }
    if (!isSorted) {
      Arrays.sort(nanos, 0, count);
      isSorted = true;
    }
    return nanos[Math.min(count - 1, (int) (part * count))] / 1e3;
  }
}
