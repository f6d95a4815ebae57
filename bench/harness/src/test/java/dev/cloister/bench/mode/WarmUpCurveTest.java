package dev.cloister.bench.mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cloister.bench.worker.JitVerdict;
import org.junit.jupiter.api.Test;

class WarmUpCurveTest {
  private static final double MILLI = 1e6;

  private final WarmUpCurve curve = new WarmUpCurve();
  private double processCpu;

  @Test
  void time_endsWithTheLastSlowPass() {
    pass(100);
    passes(10, 50);
    passes(10, 20);
    passes(100, 10);
    assertThat(curve.finalNanos()).isEqualTo(10 * MILLI);
    assertThat(curve.fastWallNanos()).isCloseTo(800 * MILLI, within(1.0));
    assertThat(curve.fastCpuNanos()).isCloseTo(800 * MILLI, within(1.0));
  }

  @Test
  void passesHalfAboveTheFinalSpeed_areFastAlready() {
    pass(100);
    passes(10, 15);
    passes(100, 10);
    assertThat(curve.fastWallNanos()).isEqualTo(100 * MILLI);
  }

  @Test
  void slowPassesAtTheBeginning_countThoughTheyAreFew() {
    pass(100);
    passes(2, 40);
    passes(100, 10);
    assertThat(curve.fastWallNanos()).isCloseTo(180 * MILLI, within(1.0));
  }

  @Test
  void singleSlowPass_doesNotCount() {
    pass(100);
    passes(50, 10);
    pass(90);
    passes(50, 10);
    assertThat(curve.fastWallNanos()).isEqualTo(100 * MILLI);
  }

  @Test
  void slowPhaseInTheMiddle_counts() {
    pass(100);
    passes(50, 10);
    passes(20, 40);
    passes(200, 10);
    assertThat(curve.fastWallNanos()).isCloseTo(1400 * MILLI, within(1.0));
  }

  @Test
  void end_isWhenNothingGetsFaster() {
    pass(100);
    passes(20, 30);
    assertThat(curve.isOver()).isTrue();
    passes(8, 20);
    assertThat(curve.isOver()).isFalse();
    passes(200, 20);
    assertThat(curve.isOver()).isTrue();
  }

  @Test
  void end_isNotYetWhileTheProcessIsBusyWithMore() {
    pass(100);
    for (int i = 0; i < 40; i++) {
      processCpu += 10 * MILLI;
      pass(10);
    }
    assertThat(curve.isOver()).isFalse();
  }

  @Test
  void end_needsPasses() {
    pass(100);
    assertThat(curve.isOver()).isFalse();
    assertThat(curve.finalNanos()).isEqualTo(100 * MILLI);
  }

  @Test
  void interpretedTime_isThePartThatWasSeen() {
    pass(100);
    passes(10, 10);
    assertThat(curve.interpretedNanos()).isZero();
    curve.judge(new JitVerdict(100, 25, 0, "", ""));
    assertThat(curve.interpretedNanos()).isCloseTo(50 * MILLI, within(1.0));
  }

  private void passes(int count, double millis) {
    for (int i = 0; i < count; i++) {
      pass(millis);
    }
  }

  private void pass(double millis) {
    processCpu += millis * MILLI;
    curve.add(new Guest.Times(millis * MILLI, millis * MILLI), processCpu);
  }
}
