package dev.cloister.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.fixture.CountingLimiter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The account of the objects of a store.
final class GcHeapTest {
  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;

  private static long charged(CountingLimiter limiter) {
    return limiter.of(HeapKind.GC_OBJECT);
  }

  @Test
  void take_chargesAnEpochAtOnce() {
    CountingLimiter limiter = new CountingLimiter(16 * MIB);
    try (Store store = new Store(limiter)) {
      assertThat(charged(limiter)).isZero();
      GcToken first = store.gcHeap().take(24);
      assertThat(charged(limiter)).isEqualTo(16 * MIB / 64);
      assertThat(store.gcHeap().take(24)).isSameAs(first);
      assertThat(limiter.reservations()).isEqualTo(1);
      assertThat(store.gcHeap().chargedBytes()).isEqualTo(charged(limiter));
    }
    assertThat(charged(limiter)).isZero();
  }

  @Test
  void take_paysForLargeObjectsExactly() {
    CountingLimiter limiter = new CountingLimiter(16 * MIB);
    try (Store store = new Store(limiter)) {
      GcToken small = store.gcHeap().take(16);
      GcToken large = store.gcHeap().take(MIB);
      assertThat(large).isNotSameAs(small);
      assertThat(store.gcHeap().take(16)).isSameAs(small);
      assertThat(charged(limiter)).isEqualTo(MIB + 256 * KIB);
    }
  }

  @Test
  void take_givesBackWhatIsLeftOfAnEpoch() {
    CountingLimiter limiter = new CountingLimiter(4 * MIB);
    List<GcToken> tokens = new ArrayList<>();
    try (Store store = new Store(limiter)) {
      for (int i = 0; i < 1_000; i++) {
        tokens.add(store.gcHeap().take(15 * KIB / 4));
      }
      // The last epoch is still open; of all others nothing is left.
      assertThat(charged(limiter) - 1_000 * 15 * KIB / 4).isBetween(0L, 64 * KIB);
      assertThat(tokens).hasSize(1_000);
    }
  }

  @Test
  void take_refusesWhatLivesBeyondTheLimit() {
    CountingLimiter limiter = new CountingLimiter(MIB);
    List<GcToken> tokens = new ArrayList<>();
    try (Store store = new Store(limiter)) {
      GcHeap heap = store.gcHeap();
      assertThatThrownBy(
              () -> {
                while (true) {
                  tokens.add(heap.take(64));
                }
              })
          .isInstanceOf(LimitExceededException.class)
          .hasMessage("limit exceeded: GC heap in bytes 64 was refused");
      // All but what is less than the smallest epoch was handed out.
      assertThat(tokens).hasSizeGreaterThan((int) (MIB - 8 * KIB) / 64);
      assertThat(charged(limiter)).isBetween(MIB - 8 * KIB, MIB);

      tokens.clear();
      tokens.add(heap.take(64));
      assertThat(charged(limiter)).isLessThanOrEqualTo(MIB);
    }
    assertThat(charged(limiter)).isZero();
  }

  @Test
  void take_succeedsForGarbageOfManyTimesTheBudget() {
    CountingLimiter limiter = new CountingLimiter(8 * MIB);
    try (Store store = new Store(limiter)) {
      GcHeap heap = store.gcHeap();
      for (long bytes = 0; bytes < 100 * 8 * MIB; bytes += 1_000) {
        heap.take(1_000);
      }
      assertThat(charged(limiter)).isLessThanOrEqualTo(8 * MIB);
    }
  }

  @Test
  void take_refusesWhatCannotFitWithoutACollection() {
    CountingLimiter limiter = new CountingLimiter(MIB);
    try (Store store = new Store(limiter)) {
      // A stop would be seen by the wait for a collection.
      store.requestStop(StopReason.CANCELLED);
      assertThatThrownBy(() -> store.gcHeap().take(2 * MIB))
          .isInstanceOf(LimitExceededException.class);
      assertThatThrownBy(() -> store.gcHeap().take(Long.MAX_VALUE))
          .isInstanceOf(LimitExceededException.class);
      assertThat(charged(limiter)).isZero();
    }
  }

  @Test
  void take_isEndedByAStopWhileItWaits() {
    CountingLimiter limiter = new CountingLimiter(MIB);
    try (Store store = new Store(limiter)) {
      GcToken most = store.gcHeap().take(MIB - 8 * KIB);
      store.requestStop(StopReason.DEADLINE);
      assertThatThrownBy(() -> store.gcHeap().take(64 * KIB)).isInstanceOf(StoppedException.class);
      assertThat(charged(limiter)).isEqualTo(MIB - 8 * KIB);
      assertThat(most).isNotNull();
    }
  }

  @Test
  void close_givesBackEverythingAndRefusesMore() {
    CountingLimiter limiter = new CountingLimiter(16 * MIB);
    Store store = new Store(limiter);
    GcToken token = store.gcHeap().take(32);
    GcToken large = store.gcHeap().take(MIB);
    store.close();
    assertThat(limiter.total()).isZero();
    assertThatThrownBy(() -> store.gcHeap().take(32)).isInstanceOf(IllegalStateException.class);
    assertThat(token).isNotSameAs(large);
  }
}
