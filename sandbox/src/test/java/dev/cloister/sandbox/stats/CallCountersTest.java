package dev.cloister.sandbox.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// What calls are counted as.
final class CallCountersTest {
  private static final Instant NOW = Instant.parse("2026-01-01T10:00:00Z");

  @Test
  void counts_ofWhatNeverHappened_areZero() {
    CallCounters counters = new CallCounters();

    assertThat(counters.total()).isZero();
    assertThat(counters.fuel()).isZero();
    assertThat(counters.lastCallAt()).isNull();
    assertThat(counters.toMap()).hasSize(1 + CallOutcome.values().length).containsValue(0L);
  }

  @Test
  void counts_ofManyThreadsThatBeginAtOnce_areComplete() throws Exception {
    int threads = 4;
    int rounds = 200;
    CallCounters counters = new CallCounters();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        done.add(
            executor.submit(() -> {
              for (int round = 0; round < rounds; round++) {
                for (CallOutcome outcome : CallOutcome.values()) {
                  counters.count(outcome, NOW);
                }
                counters.addFuel(3);
              }
            }));
      }
      for (Future<?> one : done) {
        one.get();
      }
    }

    for (CallOutcome outcome : CallOutcome.values()) {
      assertThat(counters.count(outcome)).isEqualTo((long) threads * rounds);
    }
    int outcomes = CallOutcome.values().length;
    assertThat(counters.total()).isEqualTo((long) threads * rounds * outcomes);
    assertThat(counters.failed()).isEqualTo((long) threads * rounds * (outcomes - 1));
    assertThat(counters.fuel()).isEqualTo(3L * threads * rounds);
    assertThat(counters.lastCallAt()).isEqualTo(NOW);
  }
}
