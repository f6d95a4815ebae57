package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/// The table `api_key`.
final class KeyTable {
  private KeyTable() {}

  static List<KeyRecord> all(SqlSession session) {
    return session.query(
        KeyTable::record, "SELECT id, tenant, role, secret_hash, created_at FROM api_key");
  }

  static void insert(SqlSession session, KeyRecord key) {
    session.update(
        "INSERT INTO api_key (id, tenant, role, secret_hash, created_at) VALUES (?, ?, ?, ?, ?)",
        key.id(),
        key.tenant().text(),
        key.role().name(),
        key.secretHash(),
        key.createdAt().toEpochMilli());
  }

  static void delete(SqlSession session, String id) {
    session.update("DELETE FROM api_key WHERE id = ?", id);
  }

  private static KeyRecord record(ResultSet row) throws SQLException {
    return new KeyRecord(
        row.getString(1),
        new TenantName(row.getString(2)),
        Role.valueOf(row.getString(3)),
        row.getString(4),
        Instant.ofEpochMilli(row.getLong(5)));
  }
}
