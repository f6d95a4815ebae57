package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// The tables `tenant` and `tenant_limit`.
final class TenantTable {
  private TenantTable() {}

  static List<TenantRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    Map<String, Map<String, Long>> limits = new HashMap<>();
    session.query(
        row ->
            limits
                .computeIfAbsent(row.getString(1), _ -> new HashMap<>())
                .put(row.getString(2), row.getLong(3)),
        "SELECT tenant, name, value FROM tenant_limit");
    return session.queryIntact(
        damaged,
        "tenant",
        row -> record(row, limits),
        "SELECT name, state, created_at FROM tenant ORDER BY name");
  }

  static void put(SqlSession session, TenantRecord tenant) {
    String name = tenant.name().text();
    session.update(
        """
        INSERT INTO tenant (name, state, created_at) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET state = excluded.state
        """,
        name,
        tenant.state().name(),
        tenant.createdAt().toEpochMilli());
    session.update("DELETE FROM tenant_limit WHERE tenant = ?", name);
    for (Map.Entry<String, Long> limit : tenant.limits().entrySet()) {
      session.update(
          "INSERT INTO tenant_limit (tenant, name, value) VALUES (?, ?, ?)",
          name,
          limit.getKey(),
          limit.getValue());
    }
  }

  static void delete(SqlSession session, TenantName tenant) {
    session.update("DELETE FROM tenant WHERE name = ?", tenant.text());
  }

  private static TenantRecord record(ResultSet row, Map<String, Map<String, Long>> limits)
      throws SQLException {
    String name = row.getString(1);
    return new TenantRecord(
        new TenantName(name),
        TenantState.valueOf(row.getString(2)),
        limits.getOrDefault(name, Map.of()),
        Instant.ofEpochMilli(row.getLong(3)));
  }
}
