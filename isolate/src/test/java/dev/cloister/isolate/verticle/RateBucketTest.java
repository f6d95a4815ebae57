package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RateBucketTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void burst_ofOneSecondsWorth_isAdmitted() {
    RateBucket bucket = new RateBucket(0);

    for (int i = 0; i < 10; i++) {
      assertThat(bucket.take(0, 10)).isZero();
    }
    assertThat(bucket.take(0, 10)).isEqualTo(SECOND / 10);
  }

  @Test
  void time_bringsCallsBackOneByOne() {
    RateBucket bucket = new RateBucket(0);
    for (int i = 0; i < 10; i++) {
      assertThat(bucket.take(0, 10)).isZero();
    }

    assertThat(bucket.take(SECOND / 10 - 1, 10)).isEqualTo(1);
    assertThat(bucket.take(SECOND / 10, 10)).isZero();
    assertThat(bucket.take(SECOND / 10, 10)).isPositive();
  }

  @Test
  void idleTime_savesNoMoreThanASecondsWorth() {
    RateBucket bucket = new RateBucket(0);

    for (int i = 0; i < 3; i++) {
      assertThat(bucket.take(100 * SECOND, 3)).isZero();
    }
    assertThat(bucket.take(100 * SECOND, 3)).isPositive();
  }

  @Test
  void clockThatIsNegative_isFine() {
    RateBucket bucket = new RateBucket(-5 * SECOND);

    assertThat(bucket.take(-5 * SECOND, 1)).isZero();
    assertThat(bucket.take(-5 * SECOND, 1)).isEqualTo(SECOND);
  }
}
