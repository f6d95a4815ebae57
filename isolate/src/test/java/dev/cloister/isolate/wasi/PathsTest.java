package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeClock;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What the programs of wasi-testsuite leave open.
final class PathsTest {
  private static final int ROOT = 0;
  private static final int READ_ONLY = 1;
  private static final int PATH = 1024;
  private static final int RESULT = 128;
  private static final long ALL = -1L;

  private final TestMemory memory = new TestMemory();
  private final FakeClock clock = new FakeClock();
  private final MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, clock);
  private final FdTable descriptors = new FdTable(FileQuota.UNLIMITED);
  private final Paths paths = new Paths(descriptors, clock, WasiSnapshot.PREVIEW1);

  PathsTest() {
    long inherited = Rights.OF_DIRECTORIES | Rights.OF_FILES;
    descriptors.add(new OpenDirectory(files.root(), "/", Rights.OF_DIRECTORIES, inherited, 0));
    descriptors.add(
        new OpenDirectory(
            files.root(),
            "/ro",
            Rights.OF_DIRECTORIES & ~Rights.CHANGING,
            inherited & ~Rights.CHANGING,
            0));
    files.root().createFile("file");
  }

  @Test
  void readOnlyDirectory_canBeReadButNotChanged() {
    int length = memory.put(PATH, "file");
    assertThat(open(READ_ONLY, "file", 0, ALL)).isEqualTo(2);
    assertErrno(Errno.NOTCAPABLE, () -> descriptors.get(2).require(Rights.FD_WRITE));
    descriptors.get(2).require(Rights.FD_READ);

    assertErrno(Errno.NOTCAPABLE, () -> open(READ_ONLY, "new", OpenFlags.CREATE, ALL));
    assertErrno(Errno.NOTCAPABLE, () -> open(READ_ONLY, "file", OpenFlags.TRUNCATE, ALL));
    assertErrno(
        Errno.NOTCAPABLE, () -> paths.pathUnlinkFile(memory.guest(), READ_ONLY, PATH, length));
    assertErrno(
        Errno.NOTCAPABLE, () -> paths.pathCreateDirectory(memory.guest(), READ_ONLY, PATH, length));
    assertErrno(
        Errno.NOTCAPABLE,
        () -> paths.pathRename(memory.guest(), READ_ONLY, PATH, length, ROOT, PATH, length));
    assertErrno(
        Errno.NOTCAPABLE,
        () -> paths.pathLink(memory.guest(), READ_ONLY, 0, PATH, length, ROOT, PATH, length));
  }

  @Test
  void unknownFlagsOfPaths_areInvalid() {
    assertErrno(Errno.INVAL, () -> open(ROOT, "file", 1 << 4, ALL));
    int length = memory.put(PATH, "file");
    assertErrno(
        Errno.INVAL,
        () -> paths.pathFilestatGet(memory.guest(), ROOT, 1 << 1, PATH, length, RESULT));
    assertErrno(
        Errno.INVAL,
        () ->
            paths.pathOpen(
                memory.guest(), ROOT, 1 << 1, PATH, length, 0, ALL, ALL, /* fdFlags= */ 0, RESULT));
    assertErrno(
        Errno.INVAL,
        () ->
            paths.pathOpen(
                memory.guest(), ROOT, 0, PATH, length, 0, ALL, ALL, /* fdFlags= */ 1 << 5, RESULT));
  }

  @Test
  void openWithoutAFreeNumber_makesNoFileAndCutsNone() {
    RegularFileNode file = (RegularFileNode) Objects.requireNonNull(files.root().lookup("file"));
    file.write(0, new byte[] {1}, 0, 1);
    for (int i = 2; i < FdTable.MAX_DESCRIPTORS; i++) {
      descriptors.add(new StandardOutput(OutputSink.DISCARD));
    }

    assertErrno(Errno.MFILE, () -> open(ROOT, "new", OpenFlags.CREATE, ALL & ~Rights.FD_READ));
    assertErrno(Errno.MFILE, () -> open(ROOT, "file", OpenFlags.TRUNCATE, ALL));

    assertThat(files.root().lookup("new")).isNull();
    assertThat(file.sizeBytes()).isEqualTo(1);
    descriptors.close(500);
    assertThat(open(ROOT, "new", OpenFlags.CREATE, ALL)).isEqualTo(500);
  }

  @Test
  void directoryOpenedBelow_hasNoMoreThanItInherits() {
    files.root().createDirectory("d");
    int fd = open(READ_ONLY, "d", OpenFlags.DIRECTORY, ALL & ~Rights.FD_WRITE);

    assertErrno(Errno.NOTCAPABLE, () -> descriptors.directory(fd, Rights.PATH_CREATE_FILE));
    assertErrno(Errno.PERM, () -> open(fd, "../file", 0, Rights.FD_READ));
  }

  @Test
  void exclusiveCreate_refusesAnythingThere() {
    files.root().createSymlink("link", "nowhere");
    int both = OpenFlags.CREATE | OpenFlags.EXCLUSIVE;

    assertErrno(Errno.EXIST, () -> open(ROOT, "file", both, ALL));
    assertErrno(Errno.EXIST, () -> open(ROOT, "link", both, ALL));
    assertErrno(Errno.NOENT, () -> open(ROOT, "missing/new", both, ALL));
    assertErrno(Errno.ISDIR, () -> open(ROOT, "new/", both, ALL));
    assertErrno(Errno.ISDIR, () -> open(ROOT, ".", OpenFlags.CREATE, ALL));
  }

  @Test
  void openDescriptors_areLimited() {
    for (int i = 2; i < FdTable.MAX_DESCRIPTORS; i++) {
      open(ROOT, "file", 0, Rights.FD_READ);
    }

    assertErrno(Errno.MFILE, () -> open(ROOT, "file", 0, Rights.FD_READ));
  }

  @Test
  void theBaseItself_cannotBeRemovedOrMoved() {
    int length = memory.put(PATH, ".");

    assertErrno(Errno.INVAL, () -> paths.pathRemoveDirectory(memory.guest(), ROOT, PATH, length));
    assertErrno(Errno.ISDIR, () -> paths.pathUnlinkFile(memory.guest(), ROOT, PATH, length));
    assertErrno(
        Errno.BUSY, () -> paths.pathRename(memory.guest(), ROOT, PATH, length, ROOT, PATH, length));
    assertErrno(Errno.EXIST, () -> paths.pathCreateDirectory(memory.guest(), ROOT, PATH, length));
  }

  @Test
  void readlink_isCutAtTheBuffer() {
    files.root().createSymlink("link", "target");
    int length = memory.put(PATH, "link");

    assertThat(paths.pathReadlink(memory.guest(), ROOT, PATH, length, 512, 3, RESULT)).isZero();
    assertThat(memory.int32(RESULT)).isEqualTo(3);
    assertThat(memory.text(512, 4)).isEqualTo("tar\0");
    int file = memory.put(PATH, "file");
    assertThat(paths.pathReadlink(memory.guest(), ROOT, PATH, file, 512, 3, RESULT))
        .isEqualTo(Errno.INVAL.code());
  }

  @Test
  void symlinkToAnAbsolutePath_isRefused() {
    int target = memory.put(PATH, "/etc/passwd");
    int link = memory.put(PATH + 100, "l");

    assertThat(paths.pathSymlink(memory.guest(), PATH, target, ROOT, PATH + 100, link))
        .isEqualTo(Errno.PERM.code());
    assertThat(paths.pathSymlink(memory.guest(), PATH, 0, ROOT, PATH + 100, link))
        .isEqualTo(Errno.NOENT.code());
  }

  @Test
  void unknownFlags_areInvalid() {
    memory.put(PATH, "file");

    assertErrno(
        Errno.INVAL,
        () -> paths.pathOpen(memory.guest(), ROOT, 0, PATH, 4, 0, ALL, ALL, 1 << 5, RESULT));
    assertErrno(
        Errno.INVAL,
        () ->
            paths.pathFilestatSetTimes(memory.guest(), ROOT, 0, PATH, 4, 0, 0, /* timeFlags= */ 3));
  }

  private int open(int fd, String path, int flags, long rights) {
    int length = memory.put(PATH, path);
    assertThat(
            paths.pathOpen(memory.guest(), fd, 0, PATH, length, flags, rights, rights, 0, RESULT))
        .isZero();
    return memory.int32(RESULT);
  }
}
