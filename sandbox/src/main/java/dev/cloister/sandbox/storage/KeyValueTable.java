package dev.cloister.sandbox.storage;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The table `kv_entry`. Keys are in the order of their bytes in UTF-8.
final class KeyValueTable {
  /// Comes after everything that follows a prefix: no key has it.
  private static final String LAST = Character.toString(Character.MAX_CODE_POINT);

  private KeyValueTable() {}

  static Map<TenantName, KeyValueUsage> usages(SqlSession session, Consumer<DamagedRow> damaged) {
    Map<TenantName, KeyValueUsage> usages = new HashMap<>();
    session.queryIntact(
        damaged,
        "kv_entry",
        row ->
            usages.put(
                    new TenantName(row.getString(1)),
                    new KeyValueUsage(row.getLong(2), row.getLong(3)))
                == null,
        "SELECT tenant, COUNT(*), SUM(size_bytes) FROM kv_entry GROUP BY tenant");
    return usages;
  }

  /// Returns a value, or null if there is none.
  ///
  /// @throws StorageCorruptException if it is not what was stored
  static byte @Nullable [] value(SqlSession session, TenantName tenant, String key) {
    List<byte[]> found =
        session.query(
            row -> intact(tenant, key, row.getBytes(1), row.getObject(2)),
            "SELECT value, checksum FROM kv_entry WHERE tenant = ? AND name = ?",
            tenant.text(),
            key);
    return found.isEmpty() ? null : found.getFirst();
  }

  private static byte[] intact(
      TenantName tenant, String key, byte[] value, @Nullable Object checksum) {
    // Of a pair that is older than checksums nothing is known.
    if (checksum instanceof Number expected && expected.longValue() != checksum(key, value)) {
      throw new StorageCorruptException("a value of " + tenant + " is not what was stored");
    }
    return value;
  }

  private static long checksum(String key, byte[] value) {
    CRC32C checksum = new CRC32C();
    checksum.update(key.getBytes(StandardCharsets.UTF_8));
    checksum.update(value);
    return checksum.getValue();
  }

  static List<KeyValueRecord> list(
      SqlSession session, TenantName tenant, String prefix, String after, int limit) {
    return session.query(
        row ->
            new KeyValueRecord(
                row.getString(1), row.getLong(2), Instant.ofEpochMilli(row.getLong(3))),
        """
        SELECT name, size_bytes, updated_at FROM kv_entry
          WHERE tenant = ? AND name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?
        """,
        tenant.text(),
        prefix,
        prefix + LAST,
        after,
        limit);
  }

  /// Returns the size of the pair, or -1 if there is none.
  static long sizeBytes(SqlSession session, TenantName tenant, String key) {
    List<Long> found =
        session.query(
            row -> row.getLong(1),
            "SELECT size_bytes FROM kv_entry WHERE tenant = ? AND name = ?",
            tenant.text(),
            key);
    return found.isEmpty() ? -1 : found.getFirst();
  }

  static void put(SqlSession session, TenantName tenant, KeyValueRecord entry, byte[] value) {
    session.update(
        """
        INSERT INTO kv_entry (tenant, name, value, size_bytes, updated_at, checksum)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value,
          size_bytes = excluded.size_bytes, updated_at = excluded.updated_at,
          checksum = excluded.checksum
        """,
        tenant.text(),
        entry.key(),
        value,
        entry.sizeBytes(),
        entry.updatedAt().toEpochMilli(),
        checksum(entry.key(), value));
  }

  static void delete(SqlSession session, TenantName tenant, String key) {
    session.update("DELETE FROM kv_entry WHERE tenant = ? AND name = ?", tenant.text(), key);
  }
}
