package dev.cloister.engine.stats;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// How often sizes were seen, in buckets of powers of two. Safe to use by any thread, without
/// locks.
public final class SizeHistogram {
  /// The bounds are 0, 1, 2, 4 … 2^30, and none.
  private static final int BUCKETS = 33;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
  private final LongAdder sum = new LongAdder();

  /// Creates a histogram without values.
  public SizeHistogram() {}

  /// What was seen up to a moment.
  ///
  /// @param counts how often for each bucket: 0, up to 1, up to 2, up to 4 … and the rest
  /// @param sum of all values
  public record Snapshot(List<Long> counts, long sum) {
    /// Copies the counts.
    public Snapshot {
      counts = List.copyOf(counts);
    }

    /// {@return the largest value in a bucket that is not the last}
    public static long bound(int bucket) {
      return bucket == 0 ? 0 : 1L << (bucket - 1);
    }

    /// {@return how many values were seen}
    public long total() {
      return counts.stream().mapToLong(Long::longValue).sum();
    }
  }

  /// Counts a value, which is not negative.
  public void add(long value) {
    int bucket = value == 0 ? 0 : Long.SIZE - Long.numberOfLeadingZeros(value - 1) + 1;
    counts.incrementAndGet(Math.min(bucket, BUCKETS - 1));
    sum.add(value);
  }

  /// {@return what was seen so far}
  public Snapshot snapshot() {
    List<Long> copied = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      copied.add(counts.get(i));
    }
    return new Snapshot(copied, sum.sum());
  }
}
