package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/// The table `plugin`.
final class PluginTable {
  private PluginTable() {}

  static List<PluginRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    return session.queryIntact(
        damaged,
        "plugin",
        PluginTable::record,
        "SELECT tenant, name, settings, updated_at FROM plugin");
  }

  static void put(SqlSession session, PluginRecord plugin) {
    session.update(
        """
        INSERT INTO plugin (tenant, name, settings, updated_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (tenant, name)
          DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at
        """,
        plugin.tenant().text(),
        plugin.name().text(),
        plugin.settings(),
        plugin.updatedAt().toEpochMilli());
  }

  static void delete(SqlSession session, TenantName tenant, PluginName plugin) {
    session.update(
        "DELETE FROM plugin WHERE tenant = ? AND name = ?", tenant.text(), plugin.text());
  }

  private static PluginRecord record(ResultSet row) throws SQLException {
    return new PluginRecord(
        new TenantName(row.getString(1)),
        new PluginName(row.getString(2)),
        row.getString(3),
        Instant.ofEpochMilli(row.getLong(4)));
  }
}
