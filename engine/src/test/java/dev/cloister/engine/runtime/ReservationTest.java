package dev.cloister.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Ranges of memory outside of the heap.
final class ReservationTest {
  private static final long GIB = 1L << 30;

  @Test
  void eagerRange_isZeroed_andFreedOnce() {
    check(Reservation.eager(100_001), 100_001);
  }

  @Test
  void lazyRange_isZeroed_andFreedOnce() {
    assumeTrue(Reservation.isLazy(), "address space can be reserved");
    check(Reservation.lazy(100_001), 100_001);
    check(Reservation.lazy(64 * GIB), 64 * GIB);
  }

  @Test
  void lazyRanges_areLimited_andTheLimitCountsWhatIsHeld() {
    assumeTrue(Reservation.isLazy(), "address space can be reserved");
    for (int i = 0; i < 3; i++) {
      assertThat(Reservation.lazy(1L << 45)).isNull();
      try (Reservation most = Objects.requireNonNull(Reservation.lazy((1L << 43) + GIB))) {
        assertThat(most.sizeBytes()).isEqualTo((1L << 43) + GIB);
        assertThat(Reservation.lazy(1L << 43)).isNull();
      }
    }
  }

  @Test
  void emptyRange_canBeMade() {
    try (Reservation empty = Objects.requireNonNull(Reservation.eager(0))) {
      assertThat(empty.sizeBytes()).isZero();
    }
  }

  private static void check(@Nullable Reservation made, long sizeBytes) {
    MemorySegment segment;
    try (Reservation reservation = Objects.requireNonNull(made)) {
      segment = reservation.segment();
      assertThat(segment.byteSize()).isGreaterThanOrEqualTo(sizeBytes);
      for (long at : new long[] {0, sizeBytes / 2, sizeBytes - 1}) {
        assertThat((byte) SegmentAccess.I8.get(segment, at)).isZero();
        SegmentAccess.I8.set(segment, at, (byte) 7);
        assertThat((byte) SegmentAccess.I8.get(segment, at)).isEqualTo((byte) 7);
      }
      // The word around the last byte belongs to the range.
      assertThat((int) SegmentAccess.ATOMIC32.getVolatile(segment, (sizeBytes - 1) & -4))
          .isNotZero();
    }
    assertThatThrownBy(() -> SegmentAccess.I8.get(segment, 0L))
        .isInstanceOf(IllegalStateException.class);
  }
}
