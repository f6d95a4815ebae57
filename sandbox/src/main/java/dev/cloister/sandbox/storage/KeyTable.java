package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The table `api_key`.
final class KeyTable {
  private static final String COLUMNS =
      "tenant, id, role, secret_hash, created_at, expires_at, previous_hash, previous_until,"
          + " last_used_at";

  private KeyTable() {}

  static List<KeyRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    return session.queryIntact(
        damaged, "api_key", KeyTable::record, "SELECT " + COLUMNS + " FROM api_key");
  }

  static void insert(SqlSession session, KeyRecord key) {
    @Nullable ReplacedSecret replaced = key.replaced();
    session.update(
        "INSERT INTO api_key (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        key.tenant().text(),
        key.id(),
        key.role().name(),
        key.secretHash(),
        key.createdAt().toEpochMilli(),
        millis(key.expiresAt()),
        replaced == null ? null : replaced.secretHash(),
        replaced == null ? null : replaced.validUntil().toEpochMilli(),
        millis(key.lastUsedAt()));
  }

  static void replaceSecret(SqlSession session, KeyRecord key) {
    @Nullable ReplacedSecret replaced = key.replaced();
    session.update(
        """
        UPDATE api_key SET secret_hash = ?, previous_hash = ?, previous_until = ? WHERE id = ?
        """,
        key.secretHash(),
        replaced == null ? null : replaced.secretHash(),
        replaced == null ? null : replaced.validUntil().toEpochMilli(),
        key.id());
  }

  static void touch(SqlSession session, String id, Instant usedAt) {
    session.update("UPDATE api_key SET last_used_at = ? WHERE id = ?", usedAt.toEpochMilli(), id);
  }

  static void delete(SqlSession session, String id) {
    session.update("DELETE FROM api_key WHERE id = ?", id);
  }

  private static KeyRecord record(ResultSet row) throws SQLException {
    @Nullable String previousHash = row.getString(7);
    @Nullable Instant previousUntil = instant(row, 8);
    return new KeyRecord(
        row.getString(2),
        new TenantName(row.getString(1)),
        Role.valueOf(row.getString(3)),
        row.getString(4),
        Instant.ofEpochMilli(row.getLong(5)),
        instant(row, 6),
        previousHash == null || previousUntil == null
            ? null
            : new ReplacedSecret(previousHash, previousUntil),
        instant(row, 9));
  }

  private static @Nullable Instant instant(ResultSet row, int column) throws SQLException {
    long millis = row.getLong(column);
    return row.wasNull() ? null : Instant.ofEpochMilli(millis);
  }

  private static @Nullable Long millis(@Nullable Instant time) {
    return time == null ? null : time.toEpochMilli();
  }
}
