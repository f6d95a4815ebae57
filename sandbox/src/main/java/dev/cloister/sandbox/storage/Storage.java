package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All that a server keeps: the metadata and the bytes that they name.
///
/// Both are in the data folder, or both in a PostgreSQL database.
///
/// @param metadata what is known of tenants, plugins and versions
/// @param blobs the bytes of versions
public record Storage(MetadataStore metadata, BlobStore blobs) implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Storage.class);

  /// Opens what is kept in a data folder and creates what is missing.
  ///
  /// @param auditRecordsKept how many audit records are kept, the oldest go first
  /// @param health is told what is damaged
  /// @throws StorageCorruptException if the database is damaged
  /// @throws StorageException if the database cannot be opened
  /// @throws IOException if the folder cannot be used
  public static Storage inFolder(DataFolder folder, long auditRecordsKept, StorageHealth health)
      throws IOException {
    MetadataStore metadata = JdbcMetadataStore.sqlite(folder.database(), auditRecordsKept);
    try {
      return new Storage(metadata, FileBlobStore.open(folder.blobs(), health));
    } catch (IOException | RuntimeException e) {
      metadata.close();
      throw e;
    }
  }

  /// Opens what is kept in a PostgreSQL database and creates what is missing.
  ///
  /// Versions whose bytes are in the data folder, as they were while only the metadata was in the
  /// database, are taken over; the folder stays as it is.
  ///
  /// @param auditRecordsKept how many audit records are kept, the oldest go first
  /// @param health is told what is damaged
  /// @throws StorageException if the database cannot be used, by this server and no other
  /// @throws IOException if a blob of the data folder cannot be taken over
  public static Storage inPostgresql(
      PostgresAddress address,
      DataFolder folder,
      long auditRecordsKept,
      StorageHealth health,
      Clock clock)
      throws IOException {
    PostgresDatabase database = PostgresDatabase.open(address);
    MetadataStore metadata = JdbcMetadataStore.in(database, auditRecordsKept);
    try {
      PostgresBlobStore blobs = PostgresBlobStore.open(database, health, clock);
      takeOver(folder.blobs(), metadata, blobs);
      return new Storage(metadata, blobs);
    } catch (IOException | RuntimeException e) {
      metadata.close();
      throw e;
    }
  }

  private static void takeOver(Path folder, MetadataStore metadata, PostgresBlobStore blobs)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    // Its own record of damage: what is damaged there may be whole in the database.
    FileBlobStore files = FileBlobStore.open(folder, new StorageHealth());
    int count = 0;
    for (BlobDigest digest : files.digests()) {
      if (metadata.isReferenced(digest) && !blobs.has(digest)) {
        count += copy(digest, files, blobs);
      }
    }
    if (count > 0) {
      LOG.info("event=blobs-taken-over folder={} count={}", folder, count);
    }
  }

  private static int copy(BlobDigest digest, FileBlobStore files, PostgresBlobStore blobs)
      throws IOException {
    try (BlobWriter writer = blobs.begin()) {
      byte[] bytes = files.read(digest);
      writer.write(bytes, 0, bytes.length);
      writer.commit();
      return 1;
    } catch (CorruptBlobException e) {
      // Missing in the database, which whoever asks for it is told.
      LOG.error("event=blob-not-taken-over digest={} reason={}", digest, e.getMessage());
      return 0;
    }
  }

  /// Ends the transactions that were begun and releases everything.
  @Override
  public void close() {
    metadata.close();
  }
}
