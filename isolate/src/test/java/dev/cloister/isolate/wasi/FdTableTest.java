package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeClock;
import org.junit.jupiter.api.Test;

final class FdTableTest {
  private final FdTable table = new FdTable(FileQuota.UNLIMITED);

  @Test
  void add_takesTheLowestFreeNumber() {
    assertThat(table.add(output())).isZero();
    assertThat(table.add(output())).isEqualTo(1);
    assertThat(table.add(output())).isEqualTo(2);
    table.close(1);

    assertThat(table.add(output())).isEqualTo(1);
    assertThat(table.add(output())).isEqualTo(3);
  }

  @Test
  void unknownNumber_isBad() {
    table.add(output());

    assertErrno(Errno.BADF, () -> table.get(1));
    assertErrno(Errno.BADF, () -> table.get(-1));
    assertErrno(Errno.BADF, () -> table.get(Integer.MIN_VALUE));
    assertErrno(Errno.BADF, () -> table.close(1));
  }

  @Test
  void number_isBadAfterClose() {
    int fd = table.add(output());
    table.close(fd);

    assertErrno(Errno.BADF, () -> table.close(fd));
  }

  @Test
  void tooMany_areRefusedAndClosed() {
    MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, new FakeClock());
    RegularFileNode file = files.root().createFile("a");
    for (int i = 0; i < FdTable.MAX_DESCRIPTORS; i++) {
      table.add(output());
    }

    assertErrno(Errno.MFILE, () -> table.add(new OpenFile(file, Rights.OF_FILES, 0)));
    table.close(500);
    assertThat(table.add(output())).isEqualTo(500);
  }

  @Test
  void whatWasHandedOut_isKnown_andCanBeHandedOutAgain() {
    MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, new FakeClock());
    table.handOut(output());
    table.handOut(new OpenDirectory(files.root(), "/", Rights.PATH_OPEN, 0, 0));
    assertThat(table.isAsHandedOut()).isTrue();

    int opened = table.add(output());
    assertThat(table.isAsHandedOut()).isFalse();
    table.close(opened);
    assertThat(table.isAsHandedOut()).isTrue();
    table.get(1).changeRights(0, 0);
    assertThat(table.isAsHandedOut()).isFalse();
    table.closeAll();
    table.handOut(output());
    assertThat(table.isAsHandedOut()).isTrue();
    assertErrno(Errno.BADF, () -> table.get(1));
    table.close(0);
    assertThat(table.isAsHandedOut()).isFalse();
  }

  @Test
  void renumber_movesAndClosesWhatWasThere() {
    Descriptor first = output();
    table.add(first);
    table.add(output());

    table.renumber(0, 1);

    assertThat(table.get(1)).isSameAs(first);
    assertErrno(Errno.BADF, () -> table.get(0));
    table.renumber(1, 1);
    assertThat(table.get(1)).isSameAs(first);
  }

  @Test
  void renumber_ofAFreeNumber_isBad() {
    table.add(output());

    assertErrno(Errno.BADF, () -> table.renumber(0, 5));
    assertErrno(Errno.BADF, () -> table.renumber(5, 0));
    assertErrno(Errno.BADF, () -> table.renumber(0, Integer.MAX_VALUE));
  }

  @Test
  void directory_isOneWithTheRights() {
    MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, new FakeClock());
    int fd = table.add(new OpenDirectory(files.root(), "/", Rights.PATH_OPEN, 0, 0));
    int notDirectory = table.add(output());

    assertThat(table.directory(fd, Rights.PATH_OPEN).node()).isSameAs(files.root());
    assertErrno(Errno.NOTCAPABLE, () -> table.directory(fd, Rights.PATH_SYMLINK));
    assertErrno(Errno.NOTDIR, () -> table.directory(notDirectory, 0));
  }

  private static Descriptor output() {
    return new StandardOutput(OutputSink.DISCARD);
  }
}
