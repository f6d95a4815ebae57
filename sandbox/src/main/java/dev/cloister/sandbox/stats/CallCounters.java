package dev.cloister.sandbox.stats;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Counts calls by how they ended. Any thread may count and read.
public final class CallCounters {
  private final LongAdder[] counts = new LongAdder[CallOutcome.values().length];
  private volatile @Nullable Instant lastCallAt;

  /// Creates counters at zero.
  public CallCounters() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  /// Counts a call that ended at `time`.
  public void count(CallOutcome outcome, Instant time) {
    counts[outcome.ordinal()].increment();
    lastCallAt = time;
  }

  /// Returns how many calls ended so.
  public long count(CallOutcome outcome) {
    return counts[outcome.ordinal()].sum();
  }

  /// Returns the number of all calls.
  public long total() {
    long total = 0;
    for (LongAdder count : counts) {
      total += count.sum();
    }
    return total;
  }

  /// Returns the number of calls that did not end with a result.
  public long failed() {
    return total() - count(CallOutcome.OK);
  }

  /// Returns when a call ended last, or null if none has.
  public @Nullable Instant lastCallAt() {
    return lastCallAt;
  }

  /// Returns all counts by public name, `total` first.
  public Map<String, Long> toMap() {
    Map<String, Long> map = new LinkedHashMap<>();
    map.put("total", total());
    for (CallOutcome outcome : CallOutcome.values()) {
      map.put(outcome.label(), count(outcome));
    }
    return map;
  }
}
