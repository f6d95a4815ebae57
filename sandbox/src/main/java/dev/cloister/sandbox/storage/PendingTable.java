package dev.cloister.sandbox.storage;

import java.util.List;
import java.util.function.Consumer;

/// The table `pending_version`.
final class PendingTable {
  private PendingTable() {}

  static List<PendingRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    return session.queryIntact(
        damaged,
        "pending_version",
        row ->
            new PendingRecord(
                new TenantName(row.getString(1)),
                new PluginName(row.getString(2)),
                new BlobDigest(row.getString(3))),
        "SELECT tenant, plugin, digest FROM pending_version");
  }

  static void insert(SqlSession session, PendingRecord version) {
    session.update(
        "INSERT INTO pending_version (tenant, plugin, digest) VALUES (?, ?, ?)",
        version.tenant().text(),
        version.plugin().text(),
        version.digest().hex());
  }

  static void delete(SqlSession session, PendingRecord version) {
    session.update(
        "DELETE FROM pending_version WHERE tenant = ? AND plugin = ? AND digest = ?",
        version.tenant().text(),
        version.plugin().text(),
        version.digest().hex());
  }
}
