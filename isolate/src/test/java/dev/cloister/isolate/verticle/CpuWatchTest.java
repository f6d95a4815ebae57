package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeTimer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class CpuWatchTest {
  private final AtomicLong cpuNanos = new AtomicLong(5_000);
  private final FakeTimer timer = new FakeTimer();
  private final CpuWatch watch = new CpuWatch(timer, () -> 0, _ -> cpuNanos.get());
  private final CpuBucket bucket = new CpuBucket(0);
  private final AtomicInteger exceeded = new AtomicInteger();

  @Test
  void call_thatUsesTooMuch_isToldOnce() {
    CpuMeter meter = begin(10);

    use(10);
    timer.fire();
    assertThat(exceeded).hasValue(0);
    use(1);
    timer.fire();
    use(1);
    timer.fire();

    assertThat(exceeded).hasValue(1);
    watch.end(meter);
    assertThat(meter.usedNanos()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(12));
  }

  @Test
  void everythingUsed_isTakenFromTheBucketOnce() {
    CpuMeter meter = begin(10);
    use(3);
    timer.fire();
    use(4);
    watch.end(meter);
    use(100);
    timer.fire();

    assertThat(bucket.usedNanos()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(7));
    assertThat(exceeded).hasValue(0);
  }

  @Test
  void call_thatHasEnded_isNotLookedAt() {
    CpuMeter meter = begin(10);
    watch.end(meter);

    use(100);
    meter.look(0);

    assertThat(exceeded).hasValue(0);
    assertThat(meter.usedNanos()).isZero();
  }

  /// The clock of a thread that has ended says less than it did.
  @Test
  void clock_thatGoesBack_takesNothing() {
    CpuMeter meter = begin(10);
    use(5);
    timer.fire();
    cpuNanos.set(-1);
    watch.end(meter);

    assertThat(meter.usedNanos()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(5));
  }

  @Test
  void watch_looksOnlyWhileCallsRun() {
    assertThat(timer.delaysMillis()).isEmpty();
    CpuMeter first = begin(10);
    CpuMeter second = begin(10);
    assertThat(timer.delaysMillis()).containsExactly(10L);
    timer.fire();
    assertThat(timer.delaysMillis()).containsExactly(10L);

    watch.end(first);
    watch.end(second);
    timer.fire();

    assertThat(timer.delaysMillis()).isEmpty();
    CpuMeter third = begin(10);
    assertThat(timer.delaysMillis()).containsExactly(10L);
    watch.end(third);
  }

  @Test
  void systemClock_seesWhatAThreadUses() {
    CpuClock clock = CpuClock.system();
    long before = clock.nanosOf(Thread.currentThread());
    long sum = 0;
    while (clock.nanosOf(Thread.currentThread()) == before) {
      sum++;
    }
    assertThat(clock.nanosOf(Thread.currentThread())).isGreaterThan(before);
    assertThat(sum).isNotNegative();
  }

  private CpuMeter begin(long allowedMillis) {
    return watch.begin(bucket, TestLimits.withCpu(allowedMillis, 1_000), exceeded::incrementAndGet);
  }

  private void use(long millis) {
    cpuNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
  }
}
