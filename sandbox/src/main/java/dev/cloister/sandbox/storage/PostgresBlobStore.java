package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Writing. An upload may take minutes, and its digest is known at its end; a transaction must last
 * neither so long nor hold a connection meanwhile. So each chunk is a transaction of its own, below
 * a content that no digest names, and the commit is the one that names it: readers see all of a
 * blob or nothing. The chunks need not be on disk before that: a database that has a commit on disk
 * has all that it committed before, since both are in one log.
 *
 * Removing. Names go by transactions of the database's owner; contents without a name are nobody's
 * and go afterwards. If that fails (the pages of a damaged blob may be unreadable) they are space
 * that is not used, no more, and it is tried again at the next start.
 */

/// Blobs as rows of PostgreSQL, in chunks of 128 KiB.
///
/// What a crash leaves of uploads is removed when the store is opened; one process at a time owns
/// the database (see [PostgresDatabase]). The database is closed by whoever opened it.
final class PostgresBlobStore implements BlobStore {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresBlobStore.class);

  /// An upload has that much in memory. A few times what PostgreSQL's own overhead for a row is.
  static final int CHUNK_BYTES = 128 << 10;

  private static final byte[] EMPTY = new byte[0];

  /// The longest array that every JVM makes.
  private static final long MAX_ARRAY_BYTES = Integer.MAX_VALUE - 8L;

  private final PostgresDatabase database;
  private final StorageHealth health;
  private final Clock clock;

  private PostgresBlobStore(PostgresDatabase database, StorageHealth health, Clock clock) {
    this.database = database;
    this.health = health;
    this.clock = clock;
  }

  /// Opens the store and removes leftovers of a crash. Called before anything is written to it.
  ///
  /// @param health is told of damaged blobs
  /// @throws StorageException if the database cannot be read
  static PostgresBlobStore open(PostgresDatabase database, StorageHealth health, Clock clock) {
    PostgresBlobStore store = new PostgresBlobStore(database, health, clock);
    List<Long> leftovers = database.read(BlobTables::unnamedContents);
    leftovers.forEach(store::deleteContent);
    if (!leftovers.isEmpty()) {
      LOG.info("event=leftover-uploads-removed count={}", leftovers.size());
    }
    return store;
  }

  @Override
  public BlobWriter begin() {
    return new Writer();
  }

  @Override
  public byte[] read(BlobDigest digest) throws IOException {
    try {
      byte[] bytes = stored(() -> bytes(digest));
      BlobDigest actual = BlobDigest.of(bytes);
      if (!actual.equals(digest)) {
        throw CorruptBlobException.changed(digest, actual, bytes.length);
      }
      return bytes;
    } catch (StorageCorruptException e) {
      CorruptBlobException damage = CorruptBlobException.unreadable(digest, e);
      health.blobDamaged(damage);
      throw damage;
    } catch (CorruptBlobException e) {
      health.blobDamaged(e);
      throw e;
    }
  }

  @Override
  public boolean delete(BlobDigest digest) throws IOException {
    List<Long> contents =
        stored(() -> database.change(session -> BlobTables.delete(session, digest)));
    contents.forEach(this::deleteContent);
    health.blobReplaced(digest);
    return !contents.isEmpty();
  }

  @Override
  public int collect(Predicate<BlobDigest> isReferenced) throws IOException {
    List<BlobDigest> garbage = new ArrayList<>(stored(() -> database.read(BlobTables::digests)));
    garbage.removeIf(isReferenced);
    List<Long> contents = new ArrayList<>();
    if (!garbage.isEmpty()) {
      contents.addAll(
          stored(() ->
              database.change(session ->
                  garbage.stream()
                      .flatMap(digest -> BlobTables.delete(session, digest).stream())
                      .toList())));
    }
    contents.forEach(this::deleteContent);
    return contents.size();
  }

  /// Returns whether there is a blob of this digest, whole or not.
  boolean has(BlobDigest digest) throws IOException {
    return !stored(() -> database.read(session -> BlobTables.find(session, digest))).isEmpty();
  }

  /// Returns the bytes that are stored for a digest.
  private byte[] bytes(BlobDigest digest) throws CorruptBlobException {
    // A transaction's work throws no checked exception; its state is the same for all queries.
    List<byte[]> found = database.readBlob(session -> bytes(session, digest));
    if (found.isEmpty()) {
      throw CorruptBlobException.missing(digest);
    }
    return found.getFirst();
  }

  private static List<byte[]> bytes(SqlSession session, BlobDigest digest) {
    List<BlobTables.Entry> found = BlobTables.find(session, digest);
    if (found.isEmpty()) {
      return List.of();
    }
    BlobTables.Entry entry = found.getFirst();
    long thereBytes = BlobTables.contentBytes(session, entry.content());
    if (thereBytes != entry.sizeBytes() || thereBytes > MAX_ARRAY_BYTES) {
      throw new StorageCorruptException(
          "it has " + thereBytes + " of " + entry.sizeBytes() + " bytes");
    }
    byte[] bytes = new byte[Math.toIntExact(thereBytes)];
    int position = 0;
    while (position < bytes.length) {
      List<byte[]> chunk = BlobTables.chunk(session, entry.content(), position);
      if (chunk.isEmpty() || chunk.getFirst().length == 0) {
        throw new StorageCorruptException("there are no bytes from " + position + " on");
      }
      byte[] next = chunk.getFirst();
      System.arraycopy(next, 0, bytes, position, Math.min(next.length, bytes.length - position));
      position += next.length;
    }
    return List.of(bytes);
  }

  /// Removes a content that nothing names; it stays until the next start if that fails.
  private void deleteContent(long content) {
    try {
      database.append(
          /* isDurable= */ false,
          session -> {
            BlobTables.deleteContent(session, content);
            return content;
          });
    } catch (StorageException e) {
      LOG.warn("event=blob-content-not-removed content={}", content, e);
    }
  }

  /// Work of a store that may also find a blob damaged.
  private interface Work<T> {
    T run() throws CorruptBlobException;
  }

  /// Runs `work`; failures of the database become those of a store, but for those that callers tell
  /// apart.
  private static <T> T stored(Work<T> work) throws IOException {
    try {
      return work.run();
    } catch (StorageCorruptException | StorageFullException e) {
      throw e;
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /// A content that becomes a blob when it is committed.
  private final class Writer implements BlobWriter {
    private static final long NO_CONTENT = -1;

    private final MessageDigest digest = BlobDigest.newMessageDigest();
    private long content = NO_CONTENT;
    private long writtenBytes;
    private byte[] pending = EMPTY;
    private int pendingBytes;
    private boolean isDone;

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      digest.update(bytes, from, length);
      int at = from;
      int end = from + length;
      while (at < end) {
        int count = Math.min(end - at, CHUNK_BYTES - pendingBytes);
        reserve(pendingBytes + count);
        System.arraycopy(bytes, at, pending, pendingBytes, count);
        pendingBytes += count;
        at += count;
        if (pendingBytes == CHUNK_BYTES) {
          // The number of the content must not be given out again if the database fails.
          boolean isFirst = content == NO_CONTENT;
          stored(() -> database.append(isFirst, this::flush));
        }
      }
    }

    /// Makes room; small blobs, of which an import may have many at once, take little.
    private void reserve(int bytes) {
      if (bytes > pending.length) {
        int capacity = Math.min(CHUNK_BYTES, Math.max(bytes, 2 * pending.length));
        pending = Arrays.copyOf(pending, capacity);
      }
    }

    /// Writes what is pending as the next chunk and returns the content's number.
    private long flush(SqlSession session) {
      if (content == NO_CONTENT) {
        content = BlobTables.beginContent(session, clock.instant());
      }
      if (pendingBytes > 0) {
        byte[] chunk =
            pendingBytes == pending.length ? pending : Arrays.copyOf(pending, pendingBytes);
        BlobTables.appendChunk(session, content, writtenBytes, chunk);
        writtenBytes += pendingBytes;
        pendingBytes = 0;
      }
      return content;
    }

    /// Checks that nothing was lost of chunks that did not wait for the disk: the database may have
    /// failed meanwhile.
    private void requireWhole(SqlSession session, long named) {
      long found = BlobTables.contentBytes(session, named);
      if (found != writtenBytes) {
        throw new StorageException(
            "the database has " + found + " of the " + writtenBytes + " bytes that were sent");
      }
    }

    @Override
    public BlobDigest commit() throws IOException {
      BlobDigest name = BlobDigest.ofHash(digest.digest());
      List<Long> replaced =
          stored(() ->
              database.change(session -> {
                List<Long> before =
                    BlobTables.find(session, name).stream().map(BlobTables.Entry::content).toList();
                long named = flush(session);
                requireWhole(session, named);
                BlobTables.put(session, name, new BlobTables.Entry(named, writtenBytes));
                return before;
              }));
      isDone = true;
      pending = EMPTY;
      replaced.forEach(PostgresBlobStore.this::deleteContent);
      health.blobReplaced(name);
      return name;
    }

    @Override
    public void close() {
      if (isDone) {
        return;
      }
      isDone = true;
      pending = EMPTY;
      if (content != NO_CONTENT) {
        deleteContent(content);
      }
    }
  }
}
