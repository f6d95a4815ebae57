package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
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

  static byte @Nullable [] value(SqlSession session, TenantName tenant, String key) {
    List<byte[]> found =
        session.query(
            row -> row.getBytes(1),
            "SELECT value FROM kv_entry WHERE tenant = ? AND name = ?",
            tenant.text(),
            key);
    return found.isEmpty() ? null : found.getFirst();
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
        INSERT INTO kv_entry (tenant, name, value, size_bytes, updated_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value,
          size_bytes = excluded.size_bytes, updated_at = excluded.updated_at
        """,
        tenant.text(),
        entry.key(),
        value,
        entry.sizeBytes(),
        entry.updatedAt().toEpochMilli());
  }

  static void delete(SqlSession session, TenantName tenant, String key) {
    session.update("DELETE FROM kv_entry WHERE tenant = ? AND name = ?", tenant.text(), key);
  }
}
