package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class GuestMemoryTest {
  private final GuestMemory memory = new TestMemory().guest();

  @Test
  void numbers_areLittleEndian() {
    memory.setInt64(8, 0x0123_4567_89ab_cdefL);

    assertThat(memory.int8(8)).isEqualTo(0xef);
    assertThat(memory.int16(8)).isEqualTo(0xcdef);
    assertThat(memory.int32(8)).isEqualTo(0x89ab_cdef);
    assertThat(memory.int64(8)).isEqualTo(0x0123_4567_89ab_cdefL);
    memory.setInt16(8, 0x1122);
    memory.setInt8(10, 0x33);
    assertThat(memory.int32(8)).isEqualTo(0x8933_1122);
  }

  @Test
  void lastBytes_areInside() {
    int end = TestMemory.SIZE_BYTES;
    memory.setInt8(end - 1, 1);
    memory.setInt16(end - 2, 1);
    memory.setInt32(end - 4, 1);
    memory.setInt64(end - 8, 1);
    memory.check(end, 0);
    memory.check(0, end);
  }

  @Test
  void whatReachesBeyondTheEnd_isAFault() {
    int end = TestMemory.SIZE_BYTES;
    assertErrno(Errno.FAULT, () -> memory.setInt8(end, 1));
    assertErrno(Errno.FAULT, () -> memory.setInt16(end - 1, 1));
    assertErrno(Errno.FAULT, () -> memory.setInt32(end - 3, 1));
    assertErrno(Errno.FAULT, () -> memory.setInt64(end - 7, 1));
    assertErrno(Errno.FAULT, () -> memory.check(end + 1, 0));
    assertErrno(Errno.FAULT, () -> memory.copy(end - 1, 2));
  }

  @Test
  void addressesAndLengths_areUnsigned() {
    assertErrno(Errno.FAULT, () -> memory.int8(-1));
    assertErrno(Errno.FAULT, () -> memory.int32(-4));
    assertErrno(Errno.FAULT, () -> memory.check(16, -8));
    assertErrno(Errno.FAULT, () -> memory.copy(0, -1));
  }

  @Test
  void withoutAMemory_everythingIsAFault() {
    GuestMemory none = new GuestMemory(null);

    assertErrno(Errno.FAULT, () -> none.check(0, 0));
    assertErrno(Errno.FAULT, () -> none.int32(0));
  }
}
