package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeClock;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class MemoryFileSystemTest {
  private final HeapLedger ledger = new HeapLedger(100_000);
  private final FakeClock clock = new FakeClock();
  private final MemoryFileSystem files = new MemoryFileSystem(FileQuota.of(ledger), clock);
  private final DirectoryNode root = files.root();

  @Test
  void file_keepsWhatIsWritten() {
    RegularFileNode file = root.createFile("a");
    file.write(3, new byte[] {1, 2}, 0, 2);
    byte[] read = new byte[8];

    assertThat(file.sizeBytes()).isEqualTo(5);
    assertThat(file.read(0, read, 0, 8)).isEqualTo(5);
    assertThat(read).startsWith(0, 0, 0, 1, 2);
    assertThat(file.read(5, read, 0, 8)).isZero();
    assertThat(file.read(Long.MAX_VALUE, read, 0, 8)).isZero();
  }

  @Test
  void changeSize_cutsAndFillsWithZeros() {
    RegularFileNode file = root.createFile("a");
    file.write(0, new byte[] {1, 2, 3}, 0, 3);

    file.changeSize(1);
    file.changeSize(3);

    byte[] read = new byte[3];
    assertThat(file.read(0, read, 0, 3)).isEqualTo(3);
    assertThat(read).containsExactly(1, 0, 0);
  }

  @Test
  void filesBeyondTheLargest_areRefused() {
    RegularFileNode file = root.createFile("a");

    assertErrno(Errno.FBIG, () -> file.changeSize(MemoryFile.MAX_SIZE_BYTES + 1L));
    assertErrno(Errno.FBIG, () -> file.changeSize(Long.MAX_VALUE));
    assertErrno(Errno.FBIG, () -> file.write(Long.MAX_VALUE, new byte[1], 0, 1));
    file.write(Long.MAX_VALUE, new byte[0], 0, 0);
    assertThat(file.sizeBytes()).isZero();
  }

  @Test
  void everything_isChargedAndReturned() {
    RegularFileNode file = root.createFile("a");
    long withFile = charged();
    assertThat(withFile).isPositive();
    file.write(0, new byte[1000], 0, 1000);
    assertThat(charged()).isGreaterThanOrEqualTo(withFile + 1000);
    root.createDirectory("d");
    root.createSymlink("l", "a");
    root.link("b", file);
    file.release();

    root.unlink("a");
    assertThat(charged()).isGreaterThanOrEqualTo(withFile + 1000);
    root.unlink("b");
    root.unlink("l");
    root.removeDirectory("d");

    assertThat(charged()).isZero();
  }

  @Test
  void openFile_outlivesItsLastName() {
    RegularFileNode file = root.createFile("a");
    file.write(0, new byte[1000], 0, 1000);

    root.unlink("a");
    assertThat(charged()).isGreaterThanOrEqualTo(1000);
    assertThat(file.stat().links()).isZero();
    file.write(0, new byte[2000], 0, 2000);
    file.release();

    assertThat(charged()).isZero();
  }

  @Test
  void close_returnsWhatIsLeft() {
    root.createFile("a").write(0, new byte[1000], 0, 1000);

    files.close();

    assertThat(charged()).isZero();
  }

  @Test
  void fullQuota_isNoSpaceAndChangesNothing() {
    RegularFileNode file = root.createFile("a");
    file.write(0, new byte[40_000], 0, 40_000);
    long before = charged();

    assertErrno(Errno.NOSPC, () -> file.write(40_000, new byte[60_000], 0, 60_000));

    assertThat(file.sizeBytes()).isEqualTo(40_000);
    assertThat(charged()).isEqualTo(before);
    assertThat(ledger.charge(HeapCategory.BUFFER, 100_000 - before)).isTrue();
    assertErrno(Errno.NOSPC, () -> root.createFile("b"));
    assertErrno(Errno.NOSPC, () -> root.createDirectory("b"));
    assertErrno(Errno.NOSPC, () -> root.createSymlink("b", "a"));
    assertErrno(Errno.NOSPC, () -> root.link("b", file));
    assertThat(root.lookup("b")).isNull();
  }

  @Test
  void growing_fallsBackToTheExactSize() {
    RegularFileNode file = root.createFile("a");
    file.write(0, new byte[40_000], 0, 40_000);
    file.write(40_000, new byte[10_000], 0, 10_000);

    assertThat(file.sizeBytes()).isEqualTo(50_000);
  }

  @Test
  void takenName_isRefused() {
    root.createFile("a");

    assertErrno(Errno.EXIST, () -> root.createFile("a"));
    assertErrno(Errno.EXIST, () -> root.createDirectory("a"));
    assertErrno(Errno.EXIST, () -> root.createSymlink("a", "b"));
  }

  @Test
  void removal_checksWhatItRemoves() {
    root.createFile("file");
    root.createDirectory("directory");
    directory(root, "directory").createFile("a");

    assertErrno(Errno.NOENT, () -> root.unlink("x"));
    assertErrno(Errno.ISDIR, () -> root.unlink("directory"));
    assertErrno(Errno.NOTDIR, () -> root.removeDirectory("file"));
    assertErrno(Errno.NOTEMPTY, () -> root.removeDirectory("directory"));
  }

  @Test
  void removedDirectory_takesNoMoreNames() {
    root.createDirectory("d");
    DirectoryNode directory = directory(root, "d");
    directory.retain();
    root.removeDirectory("d");

    assertErrno(Errno.NOENT, () -> directory.createFile("a"));
  }

  @Test
  void link_toADirectoryOrAnotherFileSystem_isRefused() {
    root.createDirectory("d");
    MemoryFileSystem other = new MemoryFileSystem(FileQuota.UNLIMITED, clock);
    RegularFileNode foreign = other.root().createFile("f");

    assertErrno(Errno.PERM, () -> root.link("e", directory(root, "d")));
    assertErrno(Errno.XDEV, () -> root.link("e", foreign));
    assertErrno(Errno.XDEV, () -> root.rename("d", other.root(), "d"));
  }

  @Test
  void rename_replacesWhatItMay() {
    RegularFileNode file = root.createFile("a");
    root.createFile("b");
    root.createDirectory("d");
    root.createDirectory("e");
    directory(root, "e").createFile("x");

    root.rename("a", root, "b");
    assertThat(root.lookup("b")).isSameAs(file);
    assertThat(root.lookup("a")).isNull();
    assertErrno(Errno.ISDIR, () -> root.rename("b", root, "d"));
    assertErrno(Errno.NOTDIR, () -> root.rename("d", root, "b"));
    assertErrno(Errno.NOTEMPTY, () -> root.rename("d", root, "e"));
    assertErrno(Errno.NOENT, () -> root.rename("x", root, "y"));
    root.rename("e", root, "d");
    assertThat(directory(root, "d").lookup("x")).isNotNull();
  }

  @Test
  void rename_forWhichThereIsNoRoom_changesNothing() {
    root.createFile("a").release();
    root.createFile("b").release();
    assertThat(ledger.charge(HeapCategory.BUFFER, ledger.capBytes() - ledger.chargedBytes()))
        .isTrue();

    assertErrno(Errno.NOSPC, () -> root.rename("a", root, "b"));
    assertErrno(Errno.NOSPC, () -> root.rename("a", root, "c"));

    assertThat(root.lookup("a")).isNotNull();
    assertThat(root.lookup("b")).isNotNull();
  }

  @Test
  void rename_ontoItself_changesNothing() {
    RegularFileNode file = root.createFile("a");
    root.link("b", file);

    root.rename("a", root, "a");
    root.rename("a", root, "b");

    assertThat(root.lookup("a")).isSameAs(file);
    assertThat(root.lookup("b")).isSameAs(file);
  }

  @Test
  void rename_intoItself_isInvalid() {
    root.createDirectory("a");
    DirectoryNode a = directory(root, "a");
    a.createDirectory("b");

    assertErrno(Errno.INVAL, () -> root.rename("a", directory(a, "b"), "c"));
    assertErrno(Errno.INVAL, () -> root.rename("a", a, "c"));
  }

  @Test
  void listing_goesOnAfterItsCookieWhateverIsRemoved() {
    for (int i = 0; i < 10; i++) {
      root.createFile("f" + i);
    }
    List<String> names = new ArrayList<>();
    long cookie = 0;
    for (DirectoryEntry entry = root.entryAfter(cookie);
        entry != null;
        entry = root.entryAfter(cookie)) {
      names.add(entry.name());
      cookie = entry.cookie();
      root.unlink(entry.name());
      if (names.size() < 15) {
        root.createFile("g" + names.size());
      }
    }

    assertThat(names).hasSize(10 + 14).doesNotHaveDuplicates();
  }

  @Test
  void times_followWhatHappens() {
    RegularFileNode file = root.createFile("a");
    long created = file.stat().modificationNanos();
    clock.advance(10);
    assertThat(file.read(0, new byte[1], 0, 1)).isZero();
    assertThat(file.stat().accessNanos()).isEqualTo(created + 10);
    assertThat(file.stat().modificationNanos()).isEqualTo(created);
    clock.advance(10);
    file.write(0, new byte[1], 0, 1);
    assertThat(file.stat().modificationNanos()).isEqualTo(created + 20);
    file.changeTimes(1, 2);
    assertThat(file.stat().accessNanos()).isEqualTo(1);
    assertThat(file.stat().modificationNanos()).isEqualTo(2);
    assertThat(file.stat().changeNanos()).isEqualTo(created + 20);
  }

  private long charged() {
    return ledger.snapshot().bytes().getOrDefault(HeapCategory.FILE, 0L);
  }

  private static DirectoryNode directory(DirectoryNode parent, String name) {
    return (DirectoryNode) Objects.requireNonNull(parent.lookup(name));
  }
}
