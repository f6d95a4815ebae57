package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The table `version`.
final class VersionTable {
  private VersionTable() {}

  static List<VersionRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    return session.queryIntact(
        damaged,
        "version",
        VersionTable::record,
        """
        SELECT tenant, plugin, digest, size_bytes, abi, script, created_at FROM version
        ORDER BY created_at, digest
        """);
  }

  static @Nullable String interfaceOf(
      SqlSession session, TenantName tenant, PluginName plugin, BlobDigest version) {
    List<String> found =
        session.query(
            row -> row.getString(1),
            "SELECT interface FROM version WHERE tenant = ? AND plugin = ? AND digest = ?",
            tenant.text(),
            plugin.text(),
            version.hex());
    return found.isEmpty() ? null : found.getFirst();
  }

  static List<BlobDigest> digests(SqlSession session) {
    return session.query(
        row -> new BlobDigest(row.getString(1)), "SELECT DISTINCT digest FROM version");
  }

  static boolean has(SqlSession session, BlobDigest digest) {
    return session.exists("SELECT 1 FROM version WHERE digest = ? LIMIT 1", digest.hex());
  }

  static void insert(SqlSession session, VersionRecord version, String interfaceJson) {
    session.update(
        """
        INSERT INTO version
          (tenant, plugin, digest, size_bytes, abi, script, interface, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        version.tenant().text(),
        version.plugin().text(),
        version.digest().hex(),
        version.sizeBytes(),
        version.abi(),
        version.script(),
        interfaceJson,
        version.createdAt().toEpochMilli());
  }

  static void delete(SqlSession session, TenantName tenant, PluginName plugin, BlobDigest version) {
    session.update(
        "DELETE FROM version WHERE tenant = ? AND plugin = ? AND digest = ?",
        tenant.text(),
        plugin.text(),
        version.hex());
  }

  private static VersionRecord record(ResultSet row) throws SQLException {
    return new VersionRecord(
        new TenantName(row.getString(1)),
        new PluginName(row.getString(2)),
        new BlobDigest(row.getString(3)),
        row.getLong(4),
        row.getString(5),
        row.getString(6),
        Instant.ofEpochMilli(row.getLong(7)));
  }
}
