package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class InvocationTimingsTest {
  @Test
  void serverTiming_isInMilliseconds_toTheMicrosecond() {
    InvocationTimings timings = new InvocationTimings(1_234_567, 999_499, 12_000_000_000L, 500, 0);

    assertThat(timings.serverTiming())
        .isEqualTo("queue;dur=1.235, inst;dur=0.999, exec;dur=12000.000, cpu;dur=0.001");
    assertThat(InvocationTimings.NONE.serverTiming())
        .isEqualTo("queue;dur=0.000, inst;dur=0.000, exec;dur=0.000, cpu;dur=0.000");
  }
}
