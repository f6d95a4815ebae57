package dev.cloister.sandbox.stats;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// How long calls take, in buckets that grow by a factor of two from 1/16 ms to more than a minute.
///
/// Any thread may record and read; recording does not allocate.
public final class LatencyHistogram {
  private static final int BUCKETS = 22;
  private static final double FIRST_BOUND_MILLIS = 1.0 / 16;
  private static final double NANOS_PER_MILLI = 1e6;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
  private final LongAdder sumNanos = new LongAdder();

  /// Records one duration.
  public void record(long nanos) {
    counts.incrementAndGet(bucket(nanos / NANOS_PER_MILLI));
    sumNanos.add(nanos);
  }

  /// Returns the counts at this moment.
  public Snapshot snapshot() {
    long[] copy = new long[BUCKETS];
    for (int i = 0; i < BUCKETS; i++) {
      copy[i] = counts.get(i);
    }
    return new Snapshot(copy, sumNanos.sum());
  }

  private static int bucket(double millis) {
    int bucket = 0;
    double bound = FIRST_BOUND_MILLIS;
    while (millis > bound && bucket < BUCKETS - 1) {
      bound *= 2;
      bucket++;
    }
    return bucket;
  }

  /// The counts at one moment.
  public static final class Snapshot {
    private final long[] counts;
    private final long sumNanos;

    private Snapshot(long[] counts, long sumNanos) {
      this.counts = counts;
      this.sumNanos = sumNanos;
    }

    /// Returns what was recorded since `earlier`.
    public Snapshot since(Snapshot earlier) {
      long[] difference = new long[BUCKETS];
      for (int i = 0; i < BUCKETS; i++) {
        difference[i] = counts[i] - earlier.counts[i];
      }
      return new Snapshot(difference, sumNanos - earlier.sumNanos);
    }

    /// Returns how many durations were recorded.
    public long total() {
      long total = 0;
      for (long count : counts) {
        total += count;
      }
      return total;
    }

    /// Returns the sum of all durations in seconds.
    public double sumSeconds() {
      return sumNanos / 1e9;
    }

    /// Returns a bound in milliseconds that the share `quantile` of the durations does not exceed,
    /// exact to a factor of two; 0 if nothing was recorded.
    public double quantileMillis(double quantile) {
      long rank = (long) Math.ceil(quantile * total());
      long seen = 0;
      for (int i = 0; i < BUCKETS; i++) {
        seen += counts[i];
        if (seen >= rank && seen > 0) {
          return boundMillis(i);
        }
      }
      return 0;
    }

    int bucketCount() {
      return BUCKETS;
    }

    long count(int bucket) {
      return counts[bucket];
    }

    double boundMillis(int bucket) {
      return FIRST_BOUND_MILLIS * (1L << bucket);
    }
  }
}
