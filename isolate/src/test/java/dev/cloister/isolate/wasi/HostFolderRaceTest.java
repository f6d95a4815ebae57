package dev.cloister.isolate.wasi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.wasi.linux.HostFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A guest in a host folder in which others create, rename and remove links and folders all the
/// time.
///
/// Strategy: threads make every name of a small tree a folder, a file, a link to another name of it
/// or a link that leads out, and move folders about, while the guest does everything WASI has by
/// paths through those names. Invariants: what is outside of the folder has the same names, bytes,
/// inodes and times afterwards; the guest never reads a byte or sees an inode of it; no descriptor
/// stays open. `-Dslow=true` lets it run for a minute; `-Dseed=` repeats the choices, as far as the
/// threads' turns allow.
final class HostFolderRaceTest {
  private static final int TURNS = Boolean.getBoolean("slow") ? 400_000 : 12_000;
  private static final int OTHERS = 3;
  private static final String SECRET = "SECRET";
  private static final List<String> NAMES = List.of("a", "b", "c");
  private static final int PATH = 1024;
  private static final int SECOND_PATH = 2048;
  private static final int VECTORS = 4096;
  private static final int BUFFER = 8192;
  private static final int BUFFER_BYTES = 512;
  private static final int RESULT = 128;
  private static final int STAT = 256;
  private static final int ROOT = 0;

  @TempDir private Path machine;

  private final TestMemory memory = new TestMemory();
  private final WasiClock clock = WasiClock.system();
  private final FdTable descriptors = new FdTable(FileQuota.UNLIMITED);
  private final Paths paths = new Paths(descriptors, clock, WasiSnapshot.PREVIEW1);
  private final FileTransfers transfers =
      new FileTransfers(descriptors, WasiSnapshot.PREVIEW1, FileQuota.UNLIMITED);
  private final FileAttributes attributes =
      new FileAttributes(descriptors, clock, WasiSnapshot.PREVIEW1);
  private final DirectoryListing listing = new DirectoryListing(descriptors);
  private int succeeded;

  @Test
  void nothingOutside_isEverTouched() throws Exception {
    Path folder = Files.createDirectory(machine.resolve("folder"));
    Path outside = Files.createDirectory(machine.resolve("outside"));
    for (String name : NAMES) {
      Files.writeString(outside.resolve(name + "-secret"), SECRET);
      Files.writeString(Files.createDirectory(outside.resolve(name)).resolve("a"), SECRET);
    }
    Map<String, String> before = snapshot(outside);
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("HostFolderRaceTest seed=" + seed);
    open(folder);

    AtomicBoolean done = new AtomicBoolean();
    AtomicReference<Throwable> fault = new AtomicReference<>();
    List<Thread> others = new ArrayList<>();
    for (int i = 0; i < OTHERS; i++) {
      Disturber disturber = new Disturber(folder, outside, new Random(seed + 1 + i), "new-" + i);
      others.add(Thread.ofPlatform().start(() -> disturber.runUntil(done, fault)));
    }
    List<Long> inodes = inodes(outside);
    try {
      Random random = new Random(seed);
      for (int turn = 0; turn < TURNS; turn++) {
        turn(random, inodes);
      }
    } finally {
      done.set(true);
      for (Thread other : others) {
        other.join();
      }
    }

    assertThat(fault.get()).isNull();
    assertThat(snapshot(outside)).isEqualTo(before);
    assertThat(succeeded).as("calls that succeeded").isGreaterThan(TURNS / 20);
    descriptors.closeAll();
    assertThat(HostFolder.openDescriptors()).isZero();
  }

  private void open(Path folder) {
    DirectoryNode root;
    try {
      root = HostFolder.of(folder, /* isReadOnly= */ false).open(BlockingRegion.NONE);
    } catch (IOException e) {
      Assumptions.abort(String.valueOf(e.getMessage()));
      return;
    }
    long inherited = Rights.OF_DIRECTORIES | Rights.OF_FILES;
    descriptors.add(new OpenDirectory(root, "/", Rights.OF_DIRECTORIES, inherited, 0));
  }

  /// One call of the guest, whatever comes of it, and what that shows.
  private void turn(Random random, List<Long> forbiddenInodes) {
    int length = memory.put(PATH, path(random));
    GuestMemory guest = memory.guest();
    int follow = random.nextInt(2);
    switch (random.nextInt(16)) {
      case 0 -> attempt(() -> paths.pathCreateDirectory(guest, ROOT, PATH, length));
      case 1 -> attempt(() -> paths.pathRemoveDirectory(guest, ROOT, PATH, length));
      case 2 -> attempt(() -> paths.pathUnlinkFile(guest, ROOT, PATH, length));
      case 3 -> {
        int newLength = memory.put(SECOND_PATH, path(random));
        attempt(() -> paths.pathRename(guest, ROOT, PATH, length, ROOT, SECOND_PATH, newLength));
      }
      case 4 -> {
        int newLength = memory.put(SECOND_PATH, path(random));
        attempt(() -> paths.pathLink(guest, ROOT, 0, PATH, length, ROOT, SECOND_PATH, newLength));
      }
      case 5 -> {
        int target = memory.put(SECOND_PATH, "../".repeat(random.nextInt(3)) + path(random));
        attempt(() -> paths.pathSymlink(guest, SECOND_PATH, target, ROOT, PATH, length));
      }
      case 6 -> {
        if (attempt(() -> paths.pathFilestatGet(guest, ROOT, follow, PATH, length, STAT))) {
          assertThat(forbiddenInodes).doesNotContain(memory.int64(STAT + 8));
        }
      }
      case 7 ->
          attempt(() ->
              paths.pathFilestatSetTimes(
                  guest, ROOT, follow, PATH, length, 1, 2, /* timeFlags= */ 5));
      default -> open(random, follow, length, forbiddenInodes);
    }
  }

  private void open(Random random, int follow, int length, List<Long> forbiddenInodes) {
    boolean isDirectory = random.nextInt(3) == 0;
    int[] flags = {0, OpenFlags.CREATE, OpenFlags.CREATE | OpenFlags.TRUNCATE};
    int openFlags = isDirectory ? OpenFlags.DIRECTORY : flags[random.nextInt(flags.length)];
    long rights = isDirectory ? Rights.OF_DIRECTORIES : Rights.OF_FILES;
    GuestMemory guest = memory.guest();
    if (!attempt(
        () ->
            paths.pathOpen(
                guest, ROOT, follow, PATH, length, openFlags, rights, rights, 0, RESULT))) {
      return;
    }
    int fd = memory.int32(RESULT);
    assertThat(attributes.fdFilestatGet(guest, fd, STAT)).isZero();
    assertThat(forbiddenInodes).doesNotContain(memory.int64(STAT + 8));
    memory.vectors(VECTORS, BUFFER, BUFFER_BYTES);
    if (descriptors.get(fd) instanceof OpenFile) {
      transfers.fdRead(guest, fd, VECTORS, 1, RESULT);
      assertThat(memory.text(BUFFER, memory.int32(RESULT))).doesNotContain(SECRET);
      memory.vectors(VECTORS, BUFFER, memory.put(BUFFER, "of the guest"));
      transfers.fdWrite(guest, fd, VECTORS, 1, RESULT);
    } else {
      attempt(() -> listing.fdReaddir(guest, fd, BUFFER, BUFFER_BYTES, 0, RESULT));
      assertThat(memory.text(BUFFER, BUFFER_BYTES)).doesNotContain("-secret");
    }
    descriptors.close(fd);
  }

  /// Makes a call; says whether it succeeded.
  private boolean attempt(Call call) {
    try {
      boolean isDone = call.make() == 0;
      succeeded += isDone ? 1 : 0;
      return isDone;
    } catch (ErrnoException refused) {
      assertThat(refused.errno()).isNotIn(Errno.BADF, Errno.NFILE, Errno.MFILE, Errno.FAULT);
      return false;
    }
  }

  /// A call of the guest.
  @FunctionalInterface
  private interface Call {
    int make();
  }

  private static String path(Random random) {
    StringBuilder path = new StringBuilder(name(random));
    for (int i = Math.max(0, random.nextInt(6) - 2); i > 0; i--) {
      path.append('/').append(random.nextInt(8) == 0 ? ".." : name(random));
    }
    return path.toString();
  }

  /// One name more often than the others, so that all meet there.
  private static String name(Random random) {
    return NAMES.get(Math.max(0, random.nextInt(NAMES.size() + 3) - 3));
  }

  private static List<Long> inodes(Path root) throws IOException {
    List<Long> inodes = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.toList()) {
        inodes.add((Long) Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS));
      }
    }
    return inodes;
  }

  /// All that can be seen of everything beneath `root`.
  private static Map<String, String> snapshot(Path root) throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.toList()) {
        Map<String, Object> seen =
            Files.readAttributes(
                file, "unix:ino,mode,nlink,size,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
        String content = Files.isRegularFile(file) ? Files.readString(file) : "";
        all.put(root.relativize(file).toString(), new TreeMap<>(seen) + content);
      }
    }
    return all;
  }

  /// Somebody else on the machine who works in the folder, and can make links to anywhere.
  ///
  /// It goes by host folders itself: `SecureDirectoryStream` closes a descriptor twice when what it
  /// opens is no folder, and thereby those of the guest.
  private static final class Disturber {
    private final Path folder;
    private final Path outside;
    private final Random random;
    private final String made;

    Disturber(Path folder, Path outside, Random random, String made) {
      this.folder = folder;
      this.outside = outside;
      this.random = random;
      this.made = made;
    }

    void runUntil(AtomicBoolean done, AtomicReference<Throwable> fault) {
      try {
        DirectoryNode root =
            HostFolder.of(folder, /* isReadOnly= */ false).open(BlockingRegion.NONE);
        while (!done.get()) {
          DirectoryNode place = place(root);
          try {
            disturb(root, place);
          } catch (ErrnoException _) {
            clearUp(root); // somebody was faster
          } finally {
            place.release();
          }
        }
        root.release();
      } catch (IOException | RuntimeException e) {
        fault.set(e);
      }
    }

    private void disturb(DirectoryNode root, DirectoryNode place) {
      String target = name(random);
      switch (random.nextInt(9)) {
        case 0 -> place.createDirectory(target);
        case 1, 2 -> {
          RegularFileNode file = root.createFile(made);
          file.append(new byte[] {'x'}, 0, 1);
          file.release();
          root.rename(made, place, target);
        }
        case 3 -> link(root, place, target, outside + "/" + name(random));
        case 4, 5 -> link(root, place, target, outside + "/" + name(random) + "-secret");
        case 6 -> link(root, place, target, "../".repeat(random.nextInt(4)) + "outside/a");
        case 7 -> place.rename(name(random), place, target);
        default -> {
          if (random.nextBoolean()) {
            place.removeDirectory(target);
          } else {
            place.unlink(target);
          }
        }
      }
    }

    private void clearUp(DirectoryNode root) {
      try {
        root.unlink(made);
      } catch (ErrnoException none) {
        assertThat(none.errno()).isEqualTo(Errno.NOENT);
      }
    }

    private void link(DirectoryNode root, DirectoryNode place, String name, String target) {
      root.createSymlink(made, target);
      root.rename(made, place, name);
    }

    private DirectoryNode place(DirectoryNode root) {
      root.retain();
      DirectoryNode place = root;
      for (int i = Math.max(0, random.nextInt(6) - 3); i > 0; i--) {
        FileSystemNode below = place.lookup(name(random));
        if (below instanceof DirectoryNode directory) {
          place.release();
          place = directory;
        } else if (below != null) {
          below.release();
        }
      }
      return place;
    }
  }
}
