package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.heap.HeapLedger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SharedFileSystemTest {
  private static final int THREADS = 4;
  private static final int TURNS = 2_000;

  private final HeapLedger ledger = new HeapLedger(1 << 24);
  private final SharedFileSystem files =
      new SharedFileSystem(FileQuota.of(ledger), WasiClock.system());
  private final DirectoryNode root = files.root();

  @Test
  void whatOneMakes_othersSee() {
    RegularFileNode made = root.createFile("f");
    made.write(0, new byte[] {7}, 0, 1);
    root.createDirectory("d");
    root.createSymlink("l", "f");
    made.release();

    DirectoryNode again = files.root();
    RegularFileNode found = (RegularFileNode) held(again.lookup("f"));
    byte[] read = new byte[1];
    assertThat(found.open(true, false).read(0, read, 0, 1)).isEqualTo(1);
    assertThat(read).containsExactly(7);
    assertThat(((SymlinkNode) held(again.lookup("l"))).target()).isEqualTo("f");
    DirectoryNode directory = (DirectoryNode) held(again.lookup("d"));
    again.link("g", found);
    again.rename("g", directory, "h");
    assertThat(held(directory.lookup("h")).stat().inode()).isEqualTo(found.stat().inode());
    assertThat(directory.parentInode()).isEqualTo(root.stat().inode());
  }

  @Test
  void nodesOfAnotherFileSystem_areNotMixed() {
    DirectoryNode other = new SharedFileSystem(FileQuota.UNLIMITED, WasiClock.system()).root();
    RegularFileNode file = other.createFile("f");

    assertErrno(Errno.XDEV, () -> root.link("f", file));
    assertErrno(Errno.XDEV, () -> other.rename("f", root, "f"));
  }

  @Test
  void close_returnsAllAndEndsWhatIsOpen() {
    RegularFileNode file = root.createFile("f");
    file.write(0, new byte[1000], 0, 1000);
    assertThat(ledger.chargedBytes()).isGreaterThan(1000);

    files.close();
    files.close();

    assertThat(ledger.chargedBytes()).isZero();
    assertErrno(Errno.STALE, () -> file.write(0, new byte[1], 0, 1));
    assertErrno(Errno.STALE, () -> root.lookup("f"));
    file.release();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void manyAtOnce_loseNothing() throws InterruptedException {
    AtomicReference<Throwable> fault = new AtomicReference<>();
    RegularFileNode log = root.createFile("log");
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int id = i;
      threads.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, e) -> fault.set(e))
              .start(() -> work(log, id)));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(fault.get()).isNull();
    assertThat(log.sizeBytes()).isEqualTo((long) THREADS * TURNS);
    assertThat(root.entryAfter(2)).isNotNull();
    root.unlink("log");
    log.release();
    assertThat(ledger.chargedBytes()).isLessThan(1000); // the root
  }

  private void work(RegularFileNode log, int id) {
    DirectoryNode mine = files.root();
    for (int turn = 0; turn < TURNS; turn++) {
      String name = "f" + id;
      RegularFileNode file = mine.createFile(name);
      file.write(0, new byte[100], 0, 100);
      file.release();
      log.append(new byte[] {(byte) id}, 0, 1);
      mine.rename(name, mine, name + "-moved");
      mine.unlink(name + "-moved");
    }
  }

  private static FileSystemNode held(@Nullable FileSystemNode node) {
    return Objects.requireNonNull(node);
  }
}
