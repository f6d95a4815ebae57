package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class GuestPathTest {
  private final TestMemory memory = new TestMemory();

  @Test
  void path_isUtf8() {
    int length = memory.put(100, "dír/ファイル/😀");

    assertThat(GuestPath.read(memory.guest(), 100, length)).isEqualTo("dír/ファイル/😀");
  }

  @Test
  void malformedUtf8_isRefused() {
    memory.guest().setInt8(0, 0xC3);
    memory.guest().setInt8(1, 0x28);
    assertErrno(Errno.ILSEQ, () -> GuestPath.read(memory.guest(), 0, 2));
    memory.guest().setInt8(0, 0xC0); // an overlong slash
    memory.guest().setInt8(1, 0xAF);
    assertErrno(Errno.ILSEQ, () -> GuestPath.read(memory.guest(), 0, 2));
  }

  @Test
  void nul_isRefused() {
    int length = memory.put(0, "a\0b");

    assertErrno(Errno.INVAL, () -> GuestPath.read(memory.guest(), 0, length));
  }

  @Test
  void longPath_isRefusedBeforeItIsRead() {
    assertErrno(
        Errno.NAMETOOLONG, () -> GuestPath.read(memory.guest(), 0, GuestPath.MAX_PATH_BYTES + 1));
    assertErrno(Errno.NAMETOOLONG, () -> GuestPath.read(memory.guest(), 0, -1));
  }

  @Test
  void pathOutside_isAFault() {
    assertErrno(Errno.FAULT, () -> GuestPath.read(memory.guest(), TestMemory.SIZE_BYTES - 1, 2));
  }
}
