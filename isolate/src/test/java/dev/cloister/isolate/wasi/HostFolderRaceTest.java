package dev.cloister.isolate.wasi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.wasi.linux.HostFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
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
  private final FileTransfers transfers = new FileTransfers(descriptors, WasiSnapshot.PREVIEW1);
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
      Path workshop = Files.createDirectory(machine.resolve("workshop-" + i));
      Disturber disturber =
          new Disturber(folder, outside, workshop, new Random(seed + 1 + i));
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
      Assumptions.abort(e.getMessage());
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
    switch (random.nextInt(9)) {
      case 0 -> attempt(() -> paths.pathCreateDirectory(guest, ROOT, PATH, length));
      case 1 -> attempt(() -> paths.pathRemoveDirectory(guest, ROOT, PATH, length));
      case 2 -> attempt(() -> paths.pathUnlinkFile(guest, ROOT, PATH, length));
      case 3 -> {
        int newLength = memory.put(SECOND_PATH, path(random));
        attempt(() ->
            paths.pathRename(guest, ROOT, PATH, length, ROOT, SECOND_PATH, newLength));
      }
      case 4 -> {
        int newLength = memory.put(SECOND_PATH, path(random));
        attempt(() ->
            paths.pathLink(guest, ROOT, 0, PATH, length, ROOT, SECOND_PATH, newLength));
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
              paths.pathFilestatSetTimes(guest, ROOT, follow, PATH, length, 1, 2, /* set= */ 5));
      default -> open(random, follow, length, forbiddenInodes);
    }
  }

  private void open(Random random, int follow, int length, List<Long> forbiddenInodes) {
    boolean isDirectory = random.nextInt(3) == 0;
    int[] flags = {0, OpenFlags.CREATE, OpenFlags.CREATE | OpenFlags.TRUNCATE};
    int openFlags = isDirectory ? OpenFlags.DIRECTORY : flags[random.nextInt(flags.length)];
    long rights = isDirectory ? Rights.OF_DIRECTORIES : Rights.OF_FILES;
    GuestMemory guest = memory.guest();
    if (!attempt(() ->
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
    for (int i = random.nextInt(4); i > 0; i--) {
      path.append('/').append(random.nextInt(8) == 0 ? ".." : name(random));
    }
    return path.toString();
  }

  private static String name(Random random) {
    return NAMES.get(random.nextInt(NAMES.size()));
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

  /// Somebody else on the machine who works in the folder; careful not to follow links itself. New
  /// files are made in a place of its own and moved to where they shall be.
  private static final class Disturber {
    private final Path folder;
    private final Path outside;
    private final Path workshop;
    private final Random random;

    Disturber(Path folder, Path outside, Path workshop, Random random) {
      this.folder = folder;
      this.outside = outside;
      this.workshop = workshop;
      this.random = random;
    }

    void runUntil(AtomicBoolean done, AtomicReference<Throwable> fault) {
      try (SecureDirectoryStream<Path> work = open(workshop);
          SecureDirectoryStream<Path> root = open(folder)) {
        while (!done.get()) {
          try (SecureDirectoryStream<Path> place = place(root)) {
            disturb(work, place);
          } catch (IOException _) {
            // Somebody was faster.
          }
        }
      } catch (IOException | RuntimeException e) {
        fault.set(e);
      }
    }

    private void disturb(SecureDirectoryStream<Path> work, SecureDirectoryStream<Path> place)
        throws IOException {
      Path target = Path.of(name(random));
      Path made = workshop.resolve("made");
      Files.deleteIfExists(made);
      switch (random.nextInt(8)) {
        case 0 -> Files.createDirectory(made);
        case 1 -> Files.writeString(made, "of others");
        case 2 -> Files.createSymbolicLink(made, outside.resolve(name(random)));
        case 3 -> Files.createSymbolicLink(made, outside.resolve(name(random) + "-secret"));
        case 4 ->
            Files.createSymbolicLink(
                made, Path.of("../".repeat(random.nextInt(4)) + "outside/a"));
        case 5 -> place.move(Path.of(name(random)), place, target);
        case 6 -> place.deleteFile(target);
        default -> place.deleteDirectory(target);
      }
      if (Files.exists(made, LinkOption.NOFOLLOW_LINKS)) {
        work.move(made.getFileName(), place, target);
      }
    }

    private SecureDirectoryStream<Path> place(SecureDirectoryStream<Path> root)
        throws IOException {
      SecureDirectoryStream<Path> place = open(root, Path.of("."));
      for (int i = random.nextInt(3); i > 0; i--) {
        try (SecureDirectoryStream<Path> above = place) {
          place = open(above, Path.of(name(random)));
        }
      }
      return place;
    }

    private static SecureDirectoryStream<Path> open(Path folder) throws IOException {
      if (Files.newDirectoryStream(folder) instanceof SecureDirectoryStream<Path> secure) {
        return secure;
      }
      throw new IOException("no secure directory streams");
    }

    private static SecureDirectoryStream<Path> open(SecureDirectoryStream<Path> folder, Path name)
        throws IOException {
      return folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
    }
  }
}
