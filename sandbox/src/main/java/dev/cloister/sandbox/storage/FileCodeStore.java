package dev.cloister.sandbox.storage;

import dev.cloister.engine.persist.CodeStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Archives of compiled code as files `aa/NAME.code`, where `aa` are the first two digits of the
/// name: a cache of bounded size, which may be deleted at any time.
///
/// A file is written beside its place, synced and renamed. The time of its last use is the file's
/// time of modification, so that it outlives the process; several processes may use one folder. No
/// lock is held and nothing is kept in memory: what is there is looked up when something is
/// written.
public final class FileCodeStore implements CodeStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileCodeStore.class);

  private static final String SUFFIX = ".code";
  private static final String TEMPORARY_SUFFIX = ".part";

  /// How old a temporary file is before it is taken for what a crash left.
  private static final Duration LEFTOVER_AGE = Duration.ofHours(1);

  /// Uses closer to each other than this are one.
  private static final Duration USE_PRECISION = Duration.ofMinutes(1);

  private final Path folder;
  private final long maxBytes;
  private final InstantSource clock;

  private FileCodeStore(Path folder, long maxBytes, InstantSource clock) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.clock = clock;
  }

  /// Opens the store in `folder`, which is made if it is missing, and removes what crashes left.
  ///
  /// @param maxBytes the most bytes of all files
  /// @throws IOException if the folder cannot be used
  public static FileCodeStore open(Path folder, long maxBytes, InstantSource clock)
      throws IOException {
    Files.createDirectories(folder);
    FileCodeStore store = new FileCodeStore(folder, maxBytes, clock);
    store.removeLeftovers();
    store.makeRoom(0, folder);
    return store;
  }

  @Override
  public @Nullable SeekableByteChannel open(String name) throws IOException {
    Path file = path(name);
    try {
      SeekableByteChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      noteUse(file);
      return channel;
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  private void noteUse(Path file) throws IOException {
    Instant now = clock.instant();
    try {
      if (Files.getLastModifiedTime(file).toInstant().plus(USE_PRECISION).isBefore(now)) {
        Files.setLastModifiedTime(file, FileTime.from(now));
      }
    } catch (NoSuchFileException _) {
      // Removed meanwhile; it can be read all the same.
    }
  }

  @Override
  public void put(String name, Contents contents) throws IOException {
    Path file = path(name);
    Path group = file.resolveSibling(".").normalize();
    Files.createDirectories(group);
    Path temporary = Files.createTempFile(group, name, TEMPORARY_SUFFIX);
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        contents.writeTo(new BoundedChannel(channel, maxBytes));
        channel.force(true);
      }
      Files.setLastModifiedTime(temporary, FileTime.from(clock.instant()));
      makeRoom(Files.size(temporary), file);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  @Override
  public void remove(String name) throws IOException {
    Files.deleteIfExists(path(name));
  }

  /// Returns the bytes of all files, as they are now.
  ///
  /// @throws IOException if the folder cannot be read
  public long sizeBytes() throws IOException {
    return entries().stream().mapToLong(Entry::bytes).sum();
  }

  private Path path(String name) {
    if (!name.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("not the name of an archive: " + name);
    }
    return folder.resolve(name.substring(0, 2)).resolve(name + SUFFIX);
  }

  /// Removes the files whose last use is longest ago, until there is room.
  ///
  /// @param bytes the size of the file to come
  /// @param replaced the place that it takes
  private void makeRoom(long bytes, Path replaced) throws IOException {
    List<Entry> entries = new ArrayList<>(entries());
    entries.removeIf(entry -> entry.file().equals(replaced));
    long used = bytes + entries.stream().mapToLong(Entry::bytes).sum();
    entries.sort(Comparator.comparing(Entry::lastUse));
    int removed = 0;
    for (Entry entry : entries) {
      if (used <= maxBytes) {
        break;
      }
      Files.deleteIfExists(entry.file());
      used -= entry.bytes();
      removed++;
    }
    if (removed > 0) {
      LOG.info("event=compiled-code-evicted count={} usedBytes={}", removed, used);
    }
  }

  /// A file of the store.
  private record Entry(Path file, long bytes, Instant lastUse) {}

  private List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (Path file : files()) {
      if (file.toString().endsWith(SUFFIX)) {
        try {
          BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
          entries.add(new Entry(file, found.size(), found.lastModifiedTime().toInstant()));
        } catch (NoSuchFileException _) {
          // Another process removed it.
        }
      }
    }
    return entries;
  }

  private void removeLeftovers() throws IOException {
    Instant oldest = clock.instant().minus(LEFTOVER_AGE);
    int removed = 0;
    for (Path file : files()) {
      try {
        if (file.toString().endsWith(TEMPORARY_SUFFIX)
            && Files.getLastModifiedTime(file).toInstant().isBefore(oldest)
            && Files.deleteIfExists(file)) {
          removed++;
        }
      } catch (NoSuchFileException _) {
        // Another process removed it.
      }
    }
    if (removed > 0) {
      LOG.info("event=leftover-code-removed count={}", removed);
    }
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> groups = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path group : groups) {
        try (DirectoryStream<Path> members = Files.newDirectoryStream(group)) {
          members.forEach(files::add);
        }
      }
    }
    return files;
  }

  /// Refuses more bytes than all files together may have.
  private static final class BoundedChannel implements WritableByteChannel {
    private final WritableByteChannel channel;
    private long left;

    BoundedChannel(WritableByteChannel channel, long maxBytes) {
      this.channel = channel;
      this.left = maxBytes;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      left -= source.remaining();
      if (left < 0) {
        throw new IOException("compiled code of one module exceeds the room for all");
      }
      int written = channel.write(source);
      left += source.remaining();
      return written;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
