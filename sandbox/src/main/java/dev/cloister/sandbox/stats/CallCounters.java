package dev.cloister.sandbox.stats;

import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Counts calls by how they ended. Any thread may count and read.
public final class CallCounters {
  private final Map<CallOutcome, LongAdder> counts = new EnumMap<>(CallOutcome.class);
  private final LongAdder fuel = new LongAdder();
  private volatile @Nullable Instant lastCallAt;

  /// Creates counters at zero.
  public CallCounters() {
    for (CallOutcome outcome : CallOutcome.values()) {
      counts.put(outcome, new LongAdder());
    }
  }

  /// Counts a call that ended at `time`.
  public void count(CallOutcome outcome, Instant time) {
    adder(outcome).increment();
    lastCallAt = time;
  }

  /// Counts what a call used of its fuel.
  public void addFuel(long units) {
    fuel.add(units);
  }

  /// Returns the fuel that calls used, where it was counted.
  public long fuel() {
    return fuel.sum();
  }

  /// Returns how many calls ended so.
  public long count(CallOutcome outcome) {
    return adder(outcome).sum();
  }

  /// Returns the number of all calls.
  public long total() {
    long total = 0;
    for (LongAdder count : counts.values()) {
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

  private LongAdder adder(CallOutcome outcome) {
    return Objects.requireNonNull(counts.get(outcome));
  }
}
