package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Blobs as files `sha256/aa/HEX`, where `aa` are the first two digits of the digest.
///
/// A blob is written to `tmp/`, synced, renamed to its place, and the folder is synced: after a
/// crash a blob is there whole or not at all. What a crash leaves in `tmp/` is removed when the
/// store is opened; one process at a time owns the folder (see [DataFolder]).
final class FileBlobStore implements BlobStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileBlobStore.class);

  /// As many as there are values of a digest's first byte.
  private static final int GROUPS = 256;

  private final Path blobs;
  private final Path temporary;
  private final StorageHealth health;

  private FileBlobStore(Path blobs, Path temporary, StorageHealth health) {
    this.blobs = blobs;
    this.temporary = temporary;
    this.health = health;
  }

  /// Opens the store below `folder`, creates what is missing and removes leftovers of a crash.
  ///
  /// @param health is told of damaged blobs
  /// @throws IOException if the folder cannot be used
  static FileBlobStore open(Path folder, StorageHealth health) throws IOException {
    Path blobs = folder.resolve("sha256");
    Path temporary = folder.resolve("tmp");
    Files.createDirectories(temporary);
    // All of them at once, so that no blob is in a folder that is not yet on disk itself.
    for (int group = 0; group < GROUPS; group++) {
      Files.createDirectories(blobs.resolve(HexFormat.of().toHexDigits((byte) group)));
    }
    DurableFiles.syncFolder(blobs);
    DurableFiles.syncFolder(folder);
    removeLeftovers(temporary);
    return new FileBlobStore(blobs, temporary, health);
  }

  @Override
  public BlobWriter begin() throws IOException {
    return new FileBlobWriter(Files.createTempFile(temporary, "blob-", ".part"));
  }

  @Override
  public byte[] read(BlobDigest digest) throws IOException {
    try {
      byte[] bytes = readFile(digest);
      BlobDigest actual = BlobDigest.of(bytes);
      if (!actual.equals(digest)) {
        throw CorruptBlobException.changed(digest, actual, bytes.length);
      }
      return bytes;
    } catch (CorruptBlobException e) {
      health.blobDamaged(e);
      throw e;
    }
  }

  @Override
  public boolean delete(BlobDigest digest) throws IOException {
    boolean wasThere = Files.deleteIfExists(path(digest));
    health.blobReplaced(digest);
    return wasThere;
  }

  @Override
  public int collect(Predicate<BlobDigest> isReferenced) throws IOException {
    int removed = 0;
    for (BlobDigest digest : digests()) {
      if (!isReferenced.test(digest) && Files.deleteIfExists(path(digest))) {
        removed++;
      }
    }
    return removed;
  }

  /// Lists all blobs, whole or not. What others put into the folder is none of them.
  ///
  /// @throws IOException if the folder cannot be read
  List<BlobDigest> digests() throws IOException {
    List<BlobDigest> digests = new ArrayList<>();
    for (Path group : children(blobs)) {
      if (Files.isDirectory(group)) {
        for (Path file : children(group)) {
          try {
            BlobDigest digest = new BlobDigest(fileName(file));
            if (path(digest).equals(file)) {
              digests.add(digest);
            }
          } catch (IllegalArgumentException _) {
            LOG.warn("event=no-blob file={}", file);
          }
        }
      }
    }
    return digests;
  }

  private byte[] readFile(BlobDigest digest) throws IOException {
    try {
      return Files.readAllBytes(path(digest));
    } catch (NoSuchFileException _) {
      throw CorruptBlobException.missing(digest);
    }
  }

  private Path path(BlobDigest digest) {
    return blobs.resolve(digest.hex().substring(0, 2)).resolve(digest.hex());
  }

  private static void removeLeftovers(Path temporary) throws IOException {
    List<Path> leftovers = children(temporary);
    for (Path leftover : leftovers) {
      Files.delete(leftover);
    }
    if (!leftovers.isEmpty()) {
      LOG.info("event=leftover-uploads-removed count={}", leftovers.size());
    }
  }

  private static List<Path> children(Path folder) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(children::add);
    }
    return children;
  }

  private static String fileName(Path file) {
    return String.valueOf(file.getFileName());
  }

  /// A file in `tmp/` that becomes a blob when it is committed.
  private final class FileBlobWriter implements BlobWriter {
    private final Path file;
    private final FileChannel channel;
    private final MessageDigest digest = BlobDigest.newMessageDigest();
    private boolean isDone;

    FileBlobWriter(Path file) throws IOException {
      this.file = file;
      this.channel = FileChannel.open(file, StandardOpenOption.WRITE);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      digest.update(bytes, from, length);
    }

    @Override
    public BlobDigest commit() throws IOException {
      BlobDigest name = BlobDigest.ofHash(digest.digest());
      channel.force(true);
      channel.close();
      Path target = path(name);
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
      isDone = true;
      DurableFiles.syncFolder(target.resolveSibling(".").normalize());
      health.blobReplaced(name);
      return name;
    }

    @Override
    public void close() {
      if (isDone) {
        return;
      }
      isDone = true;
      try {
        channel.close();
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot remove " + file, e);
      }
    }
  }
}
