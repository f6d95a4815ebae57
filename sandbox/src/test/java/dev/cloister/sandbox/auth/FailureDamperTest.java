package dev.cloister.sandbox.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.config.AuthConfig;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.fixture.MovableClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Whoever fails too often waits, others do not, and memory stays bounded.
final class FailureDamperTest {
  private static final Duration WINDOW = Duration.ofSeconds(10);
  private static final AuthConfig AUTH =
      ConfigLoader.parse("test", "auth: {maxFailures: 3, failureWindow: 10s}").auth();

  private final MovableClock clock = new MovableClock();
  private final FailureDamper damper = new FailureDamper(() -> AUTH, clock);

  private Duration fail(String remote) {
    return damper.count(remote, null).delay();
  }

  @Test
  void source_waitsAfterItsBound_untilItsWindowEnds() {
    for (int i = 0; i < 3; i++) {
      assertThat(fail("192.0.2.1")).isZero();
    }
    clock.advance(Duration.ofSeconds(4));

    assertThat(fail("192.0.2.1")).isEqualTo(Duration.ofSeconds(6));
    assertThat(fail("192.0.2.2")).isZero();
    assertThat(damper.failures()).isEqualTo(5);
    assertThat(damper.damped()).isEqualTo(1);

    clock.advance(Duration.ofSeconds(6));
    assertThat(fail("192.0.2.1")).isZero();
  }

  @Test
  void addressesOfOneNetwork_areOneSource() {
    for (int i = 0; i < 3; i++) {
      assertThat(fail("2001:db8:0:1::" + i)).isZero();
    }

    assertThat(fail("2001:db8:0:1:ffff::9")).isPositive();
    assertThat(fail("2001:db8:0:2::1")).isZero();
  }

  @Test
  void key_isDamped_fromWhereverItIsTried() {
    for (int i = 0; i < 3; i++) {
      assertThat(damper.count("192.0.2." + i, "abc").delay()).isZero();
    }

    assertThat(damper.count("198.51.100.1", "abc").delay()).isEqualTo(WINDOW);
    assertThat(damper.count("198.51.100.2", "def").delay()).isZero();
  }

  @Test
  void manySources_areForgotten_theOldestFirst_andNotAllAreRecorded() {
    for (int i = 0; i < 3; i++) {
      assertThat(fail("first")).isZero();
    }
    int recorded = 0;
    for (int i = 0; i < 10_000; i++) {
      recorded += damper.count("source " + i, null).isRecorded() ? 1 : 0;
    }

    assertThat(fail("first")).isZero();
    assertThat(recorded).isBetween(150, 200);
  }
}
