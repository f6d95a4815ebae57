package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.isolate.heap.HeapRefusal;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.Deadline;
import dev.cloister.isolate.verticle.InvocationResult.HostFailure;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.LinkFailed;
import dev.cloister.isolate.verticle.InvocationResult.Trapped;
import dev.cloister.isolate.verticle.InvocationResult.UncaughtException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GuestFaultsTest {
  private static final HeapRefusal REFUSAL = new HeapRefusal("memoryPerInstanceBytes", 200, 100);

  private final GuestFaults faults = new GuestFaults(TestLimits.LIMITS, () -> 60_001);

  @Test
  void trap_isATrap() {
    assertThat(faults.resultOf(new TrapException(TrapReason.INTEGER_DIVIDE_BY_ZERO), null))
        .isEqualTo(new Trapped("integer divide by zero", List.of()));
  }

  @Test
  void exhaustedStack_isALimit() {
    assertThat(faults.resultOf(new TrapException(TrapReason.CALL_STACK_EXHAUSTED), null))
        .isEqualTo(
            new LimitReached(
                "stackBytes",
                TestLimits.LIMITS.stackBytes(),
                TestLimits.LIMITS.stackBytes(),
                new Trapped("call stack exhausted", List.of())));
  }

  @Test
  void abortAfterARefusal_isItsLimit() {
    assertThat(faults.resultOf(new TrapException(TrapReason.UNREACHABLE), REFUSAL))
        .isEqualTo(
            new LimitReached(
                "memoryPerInstanceBytes", 200, 100, new Trapped("unreachable", List.of())));
  }

  @Test
  void otherTrapAfterARefusal_isATrap() {
    assertThat(faults.resultOf(new TrapException(TrapReason.INTEGER_DIVIDE_BY_ZERO), REFUSAL))
        .isInstanceOf(Trapped.class);
  }

  @Test
  void refusedInstantiation_isItsLimit() {
    assertThat(faults.resultOf(new LimitExceededException("memory", 2, 1), REFUSAL))
        .isEqualTo(new LimitReached("memoryPerInstanceBytes", 200, 100, null));
    assertThat(faults.resultOf(new LimitExceededException("memory", 2, 1), null))
        .isEqualTo(new LimitReached("memory", 2, 1, null));
  }

  @Test
  void stop_isWhatItWasFor() {
    assertThat(faults.resultOf(new StoppedException(StopReason.DEADLINE), null))
        .isEqualTo(new Deadline(TestLimits.LIMITS.deadlineMillis()));
    assertThat(faults.resultOf(new StoppedException(StopReason.DISPOSED), null))
        .isEqualTo(new Cancelled(StopReason.DISPOSED));
  }

  @Test
  void guestsOtherEnds_areTheirs() {
    assertThat(faults.resultOf(new LinkException("unknown import"), null))
        .isEqualTo(new LinkFailed("unknown import"));
    assertThat(
            faults.resultOf(
                new UncaughtWasmException("tag", List.of(1), new RuntimeException()), null))
        .isInstanceOf(UncaughtException.class);
    assertThat(faults.resultOf(new OutputLimitException("responseBytes", 2, 1), REFUSAL))
        .isEqualTo(new LimitReached("responseBytes", 2, 1, null));
  }

  @Test
  void anythingElse_isOurs() {
    assertThat(faults.resultOf(new IllegalStateException(), REFUSAL))
        .isInstanceOf(HostFailure.class);
    assertThat(faults.resultOf(new OutOfMemoryError(), null)).isInstanceOf(HostFailure.class);
  }
}
