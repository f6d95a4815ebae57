package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class IoVectorsTest {
  private final TestMemory memory = new TestMemory();

  @Test
  void vectors_areRead() {
    memory.vectors(0, 100, 10, 200, 0);

    IoVectors vectors = IoVectors.read(memory.guest(), 0, 2);

    assertThat(vectors.addresses()).containsExactly(100, 200);
    assertThat(vectors.lengths()).containsExactly(10, 0);
    assertThat(IoVectors.read(memory.guest(), 0, 0).count()).isZero();
  }

  @Test
  void bufferOutside_isAFault() {
    memory.vectors(0, 100, 10, TestMemory.SIZE_BYTES - 1, 2);

    assertErrno(Errno.FAULT, () -> IoVectors.read(memory.guest(), 0, 2));
  }

  @Test
  void vectorsOutside_areAFault() {
    assertErrno(Errno.FAULT, () -> IoVectors.read(memory.guest(), TestMemory.SIZE_BYTES - 8, 2));
    assertErrno(Errno.FAULT, () -> IoVectors.read(memory.guest(), -8, 1));
  }

  @Test
  void tooManyVectors_areInvalid() {
    assertThat(IoVectors.read(memory.guest(), 0, 1024).count()).isEqualTo(1024);
    assertErrno(Errno.INVAL, () -> IoVectors.read(memory.guest(), 0, 1025));
    assertErrno(Errno.INVAL, () -> IoVectors.read(memory.guest(), 0, -1));
  }
}
