package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class CpuBucketTest {
  private static final long START = 1_000_000_000_000L;

  private final CpuBucket bucket = new CpuBucket(START);

  @Test
  void burst_ofOneSecondsWorth_isFree() {
    bucket.debit(START, millis(500), 500);

    assertThat(bucket.waitNanos(START, 500)).isZero();
    assertThat(bucket.usedNanos()).isEqualTo(millis(500));
  }

  @Test
  void debt_isPaidByTheShare() {
    // 2.5 s of CPU time at half a core are five seconds, of which one was there from the start.
    bucket.debit(START, millis(2_500), 500);

    assertThat(bucket.waitNanos(START, 500)).isEqualTo(millis(4_000));
    assertThat(bucket.waitNanos(START + millis(1_000), 500)).isEqualTo(millis(3_000));
    assertThat(bucket.waitNanos(START + millis(4_000), 500)).isZero();
  }

  @Test
  void debt_isPaidFaster_whenTheShareIsRaised() {
    bucket.debit(START, millis(2_500), 500);

    assertThat(bucket.waitNanos(START, 2_000)).isEqualTo(millis(1_000));
    assertThat(bucket.waitNanos(START + millis(1_000), 2_000)).isZero();
  }

  @Test
  void idleTime_savesNoMoreThanOneSecond() {
    long later = START + TimeUnit.HOURS.toNanos(1);

    bucket.debit(later, millis(2_000), 1_000);

    assertThat(bucket.waitNanos(later, 1_000)).isEqualTo(millis(1_000));
  }

  @Test
  void smallShare_isFilledByManyLooks() {
    bucket.debit(START, millis(2), 1);
    for (int i = 1; i <= 10_000; i++) {
      bucket.waitNanos(START + i * 99L, 1);
    }

    assertThat(bucket.waitNanos(START + millis(500), 1)).isEqualTo(millis(500));
  }

  @Test
  void dayOfCpuTime_atTheSmallestShare_doesNotOverflow() {
    bucket.debit(START, TimeUnit.DAYS.toNanos(1), 1);

    assertThat(bucket.waitNanos(START, 1))
        .isEqualTo(TimeUnit.DAYS.toNanos(1_000) - TimeUnit.SECONDS.toNanos(1));
  }

  private static long millis(long count) {
    return TimeUnit.MILLISECONDS.toNanos(count);
  }
}
