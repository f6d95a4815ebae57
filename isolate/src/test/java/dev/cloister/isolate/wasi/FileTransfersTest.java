package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.FakeClock;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class FileTransfersTest {
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int FILE = 2;
  private static final int DIRECTORY = 3;
  private static final int VECTORS = 64;
  private static final int RESULT = 128;
  private static final int DATA = 1024;

  private final TestMemory memory = new TestMemory();
  private final Captured output = new Captured();
  private final HeapLedger ledger = new HeapLedger(50_000);
  private final MemoryFileSystem files =
      new MemoryFileSystem(FileQuota.of(ledger), new FakeClock());
  private final RegularFileNode node = files.root().createFile("a");
  private final FdTable descriptors = new FdTable(FileQuota.UNLIMITED);
  private final FileTransfers transfers =
      new FileTransfers(descriptors, WasiSnapshot.PREVIEW1, FileQuota.UNLIMITED);

  FileTransfersTest() {
    byte[] input = "hello world".getBytes(StandardCharsets.UTF_8);
    descriptors.add(new StandardInput(InputSource.of(input), BlockingRegion.NONE));
    descriptors.add(new StandardOutput(output));
    descriptors.add(new OpenFile(node, Rights.OF_FILES, 0));
    descriptors.add(new OpenDirectory(files.root(), null, Rights.OF_DIRECTORIES, 0, 0));
  }

  @Test
  void bytesThatPassThrough_areCharged_untilTheInstanceIsClosed() {
    HeapLedger tight = new HeapLedger(100_000);
    FileTransfers charged =
        new FileTransfers(descriptors, WasiSnapshot.PREVIEW1, FileQuota.of(tight));
    memory.vectors(VECTORS, DATA, 3_000);

    charged.fdWrite(memory.guest(), STDOUT, VECTORS, 1, RESULT);
    assertThat(tight.chargedBytes()).isEqualTo(3_000);
    charged.fdWrite(memory.guest(), STDOUT, VECTORS, 1, RESULT);
    assertThat(tight.chargedBytes()).isEqualTo(3_000);
    charged.close();
    assertThat(tight.chargedBytes()).isZero();

    assertThat(tight.charge(HeapCategory.BUFFER, 100_000)).isTrue();
    assertErrno(Errno.NOMEM, () -> charged.fdWrite(memory.guest(), STDOUT, VECTORS, 1, RESULT));
  }

  @Test
  void stdin_isReadInPiecesUntilTheEnd() {
    memory.vectors(VECTORS, DATA, 0, DATA, 6, DATA + 6, 100);

    assertThat(read(STDIN, 3)).isEqualTo(6);
    assertThat(memory.text(DATA, 6)).isEqualTo("hello ");
    assertThat(read(STDIN, 3)).isEqualTo(5);
    assertThat(read(STDIN, 3)).isZero();
  }

  @Test
  void stdout_getsAllBuffersInOrder() {
    memory.put(DATA, "abcdef");
    memory.vectors(VECTORS, DATA + 3, 3, DATA, 3);

    assertThat(write(STDOUT, 2)).isEqualTo(6);
    assertThat(output.text()).isEqualTo("defabc");
  }

  @Test
  void largeWrite_passesWhole() {
    memory.vectors(VECTORS, 0, TestMemory.SIZE_BYTES, 0, TestMemory.SIZE_BYTES);

    assertThat(write(STDOUT, 2)).isEqualTo(2 * TestMemory.SIZE_BYTES);
    assertThat(output.bytes()).hasSize(2 * TestMemory.SIZE_BYTES);
  }

  @Test
  void file_isWrittenAndReadAtItsPosition() {
    memory.put(DATA, "abc");
    memory.vectors(VECTORS, DATA, 3);
    assertThat(write(FILE, 1)).isEqualTo(3);
    assertThat(write(FILE, 1)).isEqualTo(3);
    assertThat(transfers.fdSeek(memory.guest(), FILE, 1, 0, RESULT)).isZero();
    memory.vectors(VECTORS, DATA + 100, 2, DATA + 200, 100);

    assertThat(read(FILE, 2)).isEqualTo(5);
    assertThat(memory.text(DATA + 100, 2)).isEqualTo("bc");
    assertThat(memory.text(DATA + 200, 3)).isEqualTo("abc");
    assertThat(transfers.fdTell(memory.guest(), FILE, RESULT)).isZero();
    assertThat(memory.int64(RESULT)).isEqualTo(6);
  }

  @Test
  void positionedTransfers_leaveThePosition() {
    memory.put(DATA, "abc");
    memory.vectors(VECTORS, DATA, 3);
    assertThat(transfers.fdPwrite(memory.guest(), FILE, VECTORS, 1, 10, RESULT)).isZero();
    memory.vectors(VECTORS, DATA + 100, 5);
    assertThat(transfers.fdPread(memory.guest(), FILE, VECTORS, 1, 9, RESULT)).isZero();

    assertThat(memory.int32(RESULT)).isEqualTo(4);
    assertThat(memory.text(DATA + 100, 4)).isEqualTo("\0abc");
    assertThat(transfers.fdTell(memory.guest(), FILE, RESULT)).isZero();
    assertThat(memory.int64(RESULT)).isZero();
    assertErrno(Errno.INVAL, () -> transfers.fdPread(memory.guest(), FILE, VECTORS, 1, -1, RESULT));
    assertErrno(
        Errno.INVAL, () -> transfers.fdPwrite(memory.guest(), FILE, VECTORS, 1, -1, RESULT));
  }

  @Test
  void appendingFile_isWrittenAtItsEnd() {
    descriptors.get(FILE).changeFlags(FdFlags.APPEND);
    node.write(0, new byte[10], 0, 10);
    memory.vectors(VECTORS, DATA, 3);

    assertThat(write(FILE, 1)).isEqualTo(3);
    assertThat(node.sizeBytes()).isEqualTo(13);
  }

  @Test
  void seek_refusesWhatIsBeforeTheStartOrBeyondAllNumbers() {
    assertThat(transfers.fdSeek(memory.guest(), FILE, -1, 0, RESULT)).isEqualTo(Errno.INVAL.code());
    assertThat(transfers.fdSeek(memory.guest(), FILE, 100, 2, RESULT)).isZero();
    assertThat(memory.int64(RESULT)).isEqualTo(100);
    assertThat(transfers.fdSeek(memory.guest(), FILE, Long.MAX_VALUE, 1, RESULT))
        .isEqualTo(Errno.OVERFLOW.code());
    assertErrno(Errno.INVAL, () -> transfers.fdSeek(memory.guest(), FILE, 0, 3, RESULT));
    assertErrno(Errno.SPIPE, () -> transfers.fdSeek(memory.guest(), STDIN, 0, 0, RESULT));
    assertErrno(Errno.SPIPE, () -> transfers.fdTell(memory.guest(), STDOUT, RESULT));
    assertErrno(Errno.BADF, () -> transfers.fdTell(memory.guest(), DIRECTORY, RESULT));
  }

  @Test
  void fullFileSystem_writesWhatFitsThenNothing() {
    memory.vectors(VECTORS, 0, 10_000, 0, 60_000);

    assertThat(write(FILE, 2)).isEqualTo(10_000);
    memory.vectors(VECTORS, 0, 60_000);
    assertErrno(Errno.NOSPC, () -> write(FILE, 1));
    assertThat(node.sizeBytes()).isEqualTo(10_000);
  }

  @Test
  void wrongDirection_isBad() {
    memory.vectors(VECTORS, DATA, 3);

    assertErrno(Errno.BADF, () -> read(STDOUT, 1));
    assertErrno(Errno.BADF, () -> write(STDIN, 1));
    assertErrno(Errno.ISDIR, () -> read(DIRECTORY, 1));
    assertErrno(Errno.ISDIR, () -> write(DIRECTORY, 1));
    assertErrno(Errno.BADF, () -> write(9, 1));
  }

  @Test
  void missingRight_isRefused() {
    memory.vectors(VECTORS, DATA, 3);
    int fd = descriptors.add(new OpenFile(node, Rights.FD_READ, 0));

    assertErrno(Errno.NOTCAPABLE, () -> write(fd, 1));
    assertErrno(Errno.NOTCAPABLE, () -> transfers.fdTell(memory.guest(), fd, RESULT));
    assertErrno(Errno.NOTCAPABLE, () -> transfers.fdSeek(memory.guest(), fd, 1, 0, RESULT));
  }

  @Test
  void wildPointers_areFaultsBeforeAnythingMoves() {
    int end = TestMemory.SIZE_BYTES;
    memory.vectors(VECTORS, DATA, 3, end - 1, 2);
    memory.vectors(VECTORS + 16, DATA, 3);

    assertErrno(Errno.FAULT, () -> write(STDOUT, 2));
    assertErrno(
        Errno.FAULT, () -> transfers.fdWrite(memory.guest(), STDOUT, VECTORS + 16, 1, end - 3));
    assertErrno(Errno.FAULT, () -> transfers.fdRead(memory.guest(), STDIN, VECTORS + 16, 1, -2));
    assertThat(output.bytes()).isEmpty();
    assertThat(transfers.fdRead(memory.guest(), STDIN, VECTORS + 16, 1, RESULT)).isZero();
    assertThat(memory.text(DATA, 3)).isEqualTo("hel");
  }

  @Test
  void sinkThatRefuses_endsTheGuest() {
    int fd =
        descriptors.add(
            new StandardOutput((_, _, _) -> {
              throw new IllegalStateException("full");
            }));
    memory.vectors(VECTORS, DATA, 3);

    assertThatThrownBy(() -> write(fd, 1)).hasMessage("full");
  }

  private int read(int fd, int count) {
    assertThat(transfers.fdRead(memory.guest(), fd, VECTORS, count, RESULT)).isZero();
    return memory.int32(RESULT);
  }

  private int write(int fd, int count) {
    assertThat(transfers.fdWrite(memory.guest(), fd, VECTORS, count, RESULT)).isZero();
    return memory.int32(RESULT);
  }
}
