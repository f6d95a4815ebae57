package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class RandomnessTest {
  private final TestMemory memory = new TestMemory();
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final Randomness randomness =
      new Randomness(bytes -> Arrays.fill(bytes, (byte) 7), store);

  @Test
  void buffer_isFilledExactly() {
    assertThat(randomness.randomGet(memory.guest(), 10, 3)).isZero();

    assertThat(memory.guest().copy(9, 5)).containsExactly(0, 7, 7, 7, 0);
  }

  @Test
  void wholeMemory_canBeFilled() {
    assertThat(randomness.randomGet(memory.guest(), 0, TestMemory.SIZE_BYTES)).isZero();

    assertThat(memory.guest().copy(0, TestMemory.SIZE_BYTES)).containsOnly(7);
  }

  @Test
  void bufferOutside_isAFault() {
    assertErrno(Errno.FAULT, () -> randomness.randomGet(memory.guest(), 1, TestMemory.SIZE_BYTES));
    assertErrno(Errno.FAULT, () -> randomness.randomGet(memory.guest(), 0, -1));
    assertThat(memory.int64(0)).isZero();
  }

  @Test
  void stop_endsTheGuest() {
    store.requestStop(StopReason.CANCELLED);

    assertThatThrownBy(() -> randomness.randomGet(memory.guest(), 0, 8))
        .isInstanceOf(StoppedException.class);
  }

  @Test
  void secureSource_givesDifferentBytes() {
    byte[] first = new byte[16];
    byte[] second = new byte[16];
    RandomSource source = RandomSource.secure();
    source.fill(first);
    source.fill(second);

    assertThat(first).isNotEqualTo(second);
  }
}
