package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ClocksTest {
  private final TestMemory memory = new TestMemory();
  private final FakeClock clock = new FakeClock();
  private final Clocks clocks = new Clocks(clock);

  @ParameterizedTest
  @CsvSource({"0, 1000000005", "1, 5", "2, 5", "3, 5"})
  void clock_showsItsTime(int id, long nanos) {
    clock.advance(5);

    assertThat(clocks.clockTimeGet(memory.guest(), id, 0, 8)).isZero();
    assertThat(memory.int64(8)).isEqualTo(nanos);
    assertThat(clocks.clockResGet(memory.guest(), id, 16)).isZero();
    assertThat(memory.int64(16)).isEqualTo(1);
  }

  @Test
  void unknownClock_isInvalid() {
    assertErrno(Errno.INVAL, () -> clocks.clockTimeGet(memory.guest(), 4, 0, 8));
    assertErrno(Errno.INVAL, () -> clocks.clockResGet(memory.guest(), -1, 8));
  }

  @Test
  void systemClock_movesOn() {
    WasiClock system = WasiClock.system();

    long before = system.monotonicNanos();
    assertThat(system.monotonicNanos()).isGreaterThanOrEqualTo(before);
    assertThat(system.realtimeNanos()).isGreaterThan(1_600_000_000_000_000_000L);
  }
}
