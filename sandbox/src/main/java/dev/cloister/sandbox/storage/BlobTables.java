package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.List;

/// The tables `blob`, `blob_content` and `blob_chunk`: a digest names a content, which is a
/// sequence of chunks from position 0 on.
final class BlobTables {
  private BlobTables() {}

  /// A row of `blob`.
  ///
  /// @param content the number of its content
  /// @param sizeBytes how long it is
  record Entry(long content, long sizeBytes) {}

  /// Begins a content without chunks and returns its number, which no other ever has.
  static long beginContent(SqlSession session, Instant now) {
    return session
        .query(
            row -> row.getLong(1),
            "INSERT INTO blob_content (begun_at) VALUES (?) RETURNING id",
            now.toEpochMilli())
        .getFirst();
  }

  static void appendChunk(SqlSession session, long content, long position, byte[] bytes) {
    session.update(
        "INSERT INTO blob_chunk (content, position, bytes) VALUES (?, ?, ?)",
        content,
        position,
        bytes);
  }

  /// Returns a chunk, none or one.
  static List<byte[]> chunk(SqlSession session, long content, long position) {
    return session.query(
        row -> row.getBytes(1),
        "SELECT bytes FROM blob_chunk WHERE content = ? AND position = ?",
        content,
        position);
  }

  /// Returns how many bytes the chunks of a content have.
  static long contentBytes(SqlSession session, long content) {
    return session
        .query(
            row -> row.getLong(1),
            "SELECT coalesce(sum(length(bytes)), 0) FROM blob_chunk WHERE content = ?",
            content)
        .getFirst();
  }

  /// Returns the row of a digest, none or one.
  static List<Entry> find(SqlSession session, BlobDigest digest) {
    return session.query(
        row -> new Entry(row.getLong(1), row.getLong(2)),
        "SELECT content, size_bytes FROM blob WHERE digest = ?",
        digest.hex());
  }

  static List<BlobDigest> digests(SqlSession session) {
    return session.query(row -> new BlobDigest(row.getString(1)), "SELECT digest FROM blob");
  }

  /// Lets a digest name this content from now on.
  static void put(SqlSession session, BlobDigest digest, Entry entry) {
    session.update(
        """
        INSERT INTO blob (digest, content, size_bytes) VALUES (?, ?, ?)
        ON CONFLICT (digest) DO UPDATE SET
          content = excluded.content, size_bytes = excluded.size_bytes
        """,
        digest.hex(),
        entry.content(),
        entry.sizeBytes());
  }

  /// Lets a digest name nothing and returns the content that it named, none or one.
  static List<Long> delete(SqlSession session, BlobDigest digest) {
    return session.query(
        row -> row.getLong(1), "DELETE FROM blob WHERE digest = ? RETURNING content", digest.hex());
  }

  /// Deletes a content that no digest names, with its chunks.
  static void deleteContent(SqlSession session, long content) {
    session.update("DELETE FROM blob_content WHERE id = ?", content);
  }

  /// Returns the contents that no digest names.
  static List<Long> unnamedContents(SqlSession session) {
    return session.query(
        row -> row.getLong(1),
        """
        SELECT id FROM blob_content
          WHERE NOT EXISTS (SELECT 1 FROM blob WHERE blob.content = blob_content.id)
        """);
  }
}
