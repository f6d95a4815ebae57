package dev.cloister.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.bench.worker.JitLog.Frame;
import dev.cloister.bench.worker.JitLog.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

class JitLogTest {
  private final JitLog log = new JitLog("guest.");

  @Test
  void hotMethod_withCodeOfTheLastCompiler_isWell() {
    log.compiled(1, "guest.C0.f0", 3);
    log.compiled(2, "guest.C0.f0", 4);
    sample(10, new Frame("guest.C0.f0", Mode.COMPILED));
    assertThat(log.verdict()).isEqualTo(new JitVerdict(10, 0, 0, "", ""));
  }

  @Test
  void hotMethod_thatWasLastCompiledByC1_isTold() {
    log.compiled(1, "guest.C0.f0", 4);
    log.compiled(2, "guest.C0.f0", 3);
    sample(10, new Frame("guest.C0.f0", Mode.COMPILED));
    assertThat(log.verdict().slow()).isEqualTo("C0.f0 at level 3 in 100 % of samples");
  }

  @Test
  void compilationThatMadeNoCode_changesNoLevel() {
    log.compiled(1, "guest.C0.f0", 4);
    log.compiled(2, "guest.C0.f0", 0);
    sample(10, new Frame("guest.C0.f0", Mode.COMPILED));
    assertThat(log.verdict().slow()).isEmpty();
  }

  @Test
  void interpretedMethod_isTold() {
    sample(5, new Frame("guest.C0.f1", Mode.COMPILED));
    sample(3, new Frame("guest.C0.f0", Mode.INTERPRETED));
    JitVerdict verdict = log.verdict();
    assertThat(verdict.slow()).isEqualTo("C0.f0 interpreted in 75 % of samples");
    assertThat(verdict.interpretedShare()).isEqualTo(3.0 / 8);
  }

  @Test
  void methodThatWasInterpretedAtFirst_isWell() {
    sample(8, new Frame("guest.C0.f0", Mode.INTERPRETED));
    log.compiled(1, "guest.C0.f0", 4);
    sample(8, new Frame("guest.C0.f0", Mode.COMPILED));
    assertThat(log.verdict().slow()).isEmpty();
    assertThat(log.verdict().interpreted()).isEqualTo(8);
  }

  @Test
  void methodThatIsRarelySeen_isNotTold() {
    sample(197, new Frame("guest.C0.f1", Mode.COMPILED));
    sample(3, new Frame("guest.C0.f0", Mode.INTERPRETED));
    assertThat(log.verdict().slow()).isEmpty();
    assertThat(log.verdict().interpreted()).isEqualTo(3);
  }

  @Test
  void inlinedMethod_countsForTheCodeThatItIsPartOf() {
    log.compiled(1, "guest.C0.f1", 2);
    sample(
        5,
        new Frame("java.lang.Helper.help", Mode.INLINED),
        new Frame("guest.C0.f0", Mode.INLINED),
        new Frame("guest.C0.f1", Mode.COMPILED),
        new Frame("guest.C0.f2", Mode.INTERPRETED));
    assertThat(log.verdict().slow()).isEqualTo("C0.f1 at level 2 in 100 % of samples");
  }

  @Test
  void timeOutsideOfTheGuest_countsAsNotInterpreted() {
    sample(5, new Frame("java.lang.Helper.help", Mode.INTERPRETED));
    sample(5, new Frame("guest.C0.f0", Mode.INTERPRETED));
    assertThat(log.verdict().interpretedShare()).isEqualTo(0.5);
  }

  @Test
  void failures_ofGuestMethods_areCountedByReason() {
    log.failed(1, "out of nodes");
    log.compiled(1, "guest.C0.f0", 0);
    log.compiled(2, "guest.C0.f0", 0);
    log.failed(2, "out of nodes");
    log.compiled(3, "java.lang.Helper.help", 0);
    log.failed(3, "out of nodes");
    JitVerdict verdict = log.verdict();
    assertThat(verdict.failures()).isEqualTo(2);
    assertThat(verdict.failed()).isEqualTo("out of nodes: C0.f0 2×");
  }

  @Test
  void manyFailures_areToldInPart() {
    for (int id = 0; id < 8; id++) {
      log.compiled(id, "guest.C0.f" + id, 0);
      log.failed(id, "why");
    }
    JitVerdict verdict = log.verdict();
    assertThat(verdict.failures()).isEqualTo(8);
    assertThat(verdict.failed()).contains("why: C0.f4, and 3 more").doesNotContain("C0.f5");
  }

  @Test
  void verdict_survivesBeingAsked() {
    JitVerdict verdict = new JitVerdict(7, 3, 1, "why\tnot: C0.f0", "C0.f0 at level 2");
    assertThat(JitVerdict.of(verdict.toFields().split("\t", -1)))
        .isEqualTo(new JitVerdict(7, 3, 1, "why not: C0.f0", "C0.f0 at level 2"));
  }

  private void sample(int times, Frame... stack) {
    for (int i = 0; i < times; i++) {
      log.sampled(List.of(stack));
    }
  }
}
