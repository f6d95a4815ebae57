package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeTimer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class CallDeadlineTest {
  private final FakeTimer timer = new FakeTimer();
  private long nanos;
  private int reached;
  private final CallDeadline deadline = new CallDeadline(timer, () -> nanos, 100, () -> reached++);

  private void passMillis(long millis) {
    nanos += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void time_passesOnlyWhileItIsNotPaused() {
    deadline.start();
    assertThat(timer.delaysMillis()).containsExactly(100L);
    passMillis(30);
    deadline.pause();
    assertThat(timer.delaysMillis()).isEmpty();
    passMillis(1_000);
    deadline.start();
    assertThat(timer.delaysMillis()).containsExactly(70L);
    passMillis(90);
    deadline.pause();
    deadline.start();
    assertThat(timer.delaysMillis()).containsExactly(1L);
    timer.fire();
    assertThat(reached).isEqualTo(1);
  }

  @Test
  void end_isForGood() {
    deadline.start();
    deadline.start();
    assertThat(timer.delaysMillis()).hasSize(1);
    deadline.end();
    deadline.pause();
    deadline.start();
    assertThat(timer.delaysMillis()).isEmpty();
  }

  @Test
  void end_whilePaused_isForGood() {
    deadline.start();
    deadline.pause();
    deadline.end();
    deadline.start();
    assertThat(timer.delaysMillis()).isEmpty();
    assertThat(reached).isZero();
  }
}
