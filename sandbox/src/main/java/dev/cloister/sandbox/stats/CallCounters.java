package dev.cloister.sandbox.stats;

import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Counts calls by how they ended. Any thread may count and read.
///
/// Each tenant has some of these, and each of its plugins, so there is a counter only for what has
/// happened.
public final class CallCounters {
  private static final List<CallOutcome> OUTCOMES = List.of(CallOutcome.values());

  /// Where the counter of an outcome is; that of fuel comes after all of them.
  private static final Map<CallOutcome, Integer> PLACES = places();

  private static final int FUEL = OUTCOMES.size();

  private final AtomicReferenceArray<@Nullable LongAdder> counts =
      new AtomicReferenceArray<>(FUEL + 1);
  private volatile @Nullable Instant lastCallAt;

  /// Creates counters at zero.
  public CallCounters() {}

  private static Map<CallOutcome, Integer> places() {
    Map<CallOutcome, Integer> places = new EnumMap<>(CallOutcome.class);
    OUTCOMES.forEach(outcome -> places.put(outcome, places.size()));
    return places;
  }

  private static int place(CallOutcome outcome) {
    return Objects.requireNonNull(PLACES.get(outcome));
  }

  /// Counts a call that ended at `time`.
  public void count(CallOutcome outcome, Instant time) {
    adder(place(outcome)).increment();
    lastCallAt = time;
  }

  /// Counts what a call used of its fuel.
  public void addFuel(long units) {
    adder(FUEL).add(units);
  }

  /// Returns the fuel that calls used, where it was counted.
  public long fuel() {
    return sum(FUEL);
  }

  /// Returns how many calls ended so.
  public long count(CallOutcome outcome) {
    return sum(place(outcome));
  }

  /// Returns the number of all calls.
  public long total() {
    long total = 0;
    for (int i = 0; i < FUEL; i++) {
      total += sum(i);
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
    for (CallOutcome outcome : OUTCOMES) {
      map.put(outcome.label(), count(outcome));
    }
    return map;
  }

  private LongAdder adder(int place) {
    @Nullable LongAdder known = counts.get(place);
    if (known != null) {
      return known;
    }
    LongAdder made = new LongAdder();
    @Nullable LongAdder other = counts.compareAndExchange(place, null, made);
    return other == null ? made : other;
  }

  private long sum(int place) {
    @Nullable LongAdder adder = counts.get(place);
    return adder == null ? 0 : adder.sum();
  }
}
