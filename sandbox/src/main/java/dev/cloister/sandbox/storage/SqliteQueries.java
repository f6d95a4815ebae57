package dev.cloister.sandbox.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The queries of [SqliteMetadataStore] and the records made of their rows.
final class SqliteQueries {
  private SqliteQueries() {}

  static MetadataSnapshot snapshot(Connection connection) throws SQLException {
    return new MetadataSnapshot(
        tenants(connection),
        SqlStatement.of("SELECT id, tenant, role, secret_hash, created_at FROM api_key")
            .query(connection, SqliteQueries::key),
        SqlStatement.of("SELECT tenant, name, settings, updated_at FROM plugin")
            .query(connection, SqliteQueries::plugin),
        SqlStatement.of(
                """
                SELECT tenant, plugin, digest, size_bytes, abi, script, created_at FROM version
                ORDER BY created_at, digest
                """)
            .query(connection, SqliteQueries::version),
        aliases(connection));
  }

  static @Nullable String versionInterface(
      Connection connection, TenantName tenant, PluginName plugin, BlobDigest version)
      throws SQLException {
    List<String> found =
        SqlStatement.of(
                "SELECT interface FROM version WHERE tenant = ? AND plugin = ? AND digest = ?",
                tenant.text(),
                plugin.text(),
                version.hex())
            .query(connection, row -> row.getString(1));
    return found.isEmpty() ? null : found.getFirst();
  }

  static List<BlobDigest> referencedBlobs(Connection connection) throws SQLException {
    return SqlStatement.of("SELECT DISTINCT digest FROM version")
        .query(connection, row -> new BlobDigest(row.getString(1)));
  }

  static boolean isReferenced(Connection connection, BlobDigest digest) throws SQLException {
    return !SqlStatement.of("SELECT 1 FROM version WHERE digest = ? LIMIT 1", digest.hex())
        .query(connection, row -> row.getInt(1))
        .isEmpty();
  }

  static List<AuditRecord> audit(Connection connection, AuditFilter filter) throws SQLException {
    StringBuilder sql = new StringBuilder("SELECT * FROM audit WHERE id < ?");
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(filter.before());
    @Nullable TenantName tenant = filter.tenant();
    if (tenant != null) {
      sql.append(" AND tenant = ?");
      parameters.add(tenant.text());
    }
    @Nullable String text = filter.text();
    if (text != null) {
      sql.append(" AND instr(action || ' ' || actor || ' ' || coalesce(target, ''), ?) > 0");
      parameters.add(text);
    }
    sql.append(" ORDER BY id DESC LIMIT ?");
    parameters.add(filter.limit());
    return SqlStatement.of(sql.toString(), parameters.toArray())
        .query(connection, SqliteQueries::auditRecord);
  }

  static List<AuditRecord> auditAfter(Connection connection, long id, int limit)
      throws SQLException {
    return SqlStatement.of("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?", id, limit)
        .query(connection, SqliteQueries::auditRecord);
  }

  private static List<TenantRecord> tenants(Connection connection) throws SQLException {
    Map<String, Map<String, Long>> limits = new HashMap<>();
    SqlStatement.of("SELECT tenant, name, value FROM tenant_limit")
        .query(
            connection,
            row ->
                limits
                    .computeIfAbsent(row.getString(1), _ -> new HashMap<>())
                    .put(row.getString(2), row.getLong(3)));
    return SqlStatement.of("SELECT name, state, created_at FROM tenant ORDER BY name")
        .query(
            connection,
            row ->
                new TenantRecord(
                    new TenantName(row.getString(1)),
                    TenantState.valueOf(row.getString(2)),
                    limits.getOrDefault(row.getString(1), Map.of()),
                    Instant.ofEpochMilli(row.getLong(3))));
  }

  private static KeyRecord key(ResultSet row) throws SQLException {
    return new KeyRecord(
        row.getString(1),
        new TenantName(row.getString(2)),
        Role.valueOf(row.getString(3)),
        row.getString(4),
        Instant.ofEpochMilli(row.getLong(5)));
  }

  private static PluginRecord plugin(ResultSet row) throws SQLException {
    return new PluginRecord(
        new TenantName(row.getString(1)),
        new PluginName(row.getString(2)),
        row.getString(3),
        Instant.ofEpochMilli(row.getLong(4)));
  }

  private static VersionRecord version(ResultSet row) throws SQLException {
    return new VersionRecord(
        new TenantName(row.getString(1)),
        new PluginName(row.getString(2)),
        new BlobDigest(row.getString(3)),
        row.getLong(4),
        row.getString(5),
        row.getString(6),
        Instant.ofEpochMilli(row.getLong(7)));
  }

  private record AliasKey(TenantName tenant, PluginName plugin, AliasName alias) {}

  private static List<AliasRecord> aliases(Connection connection) throws SQLException {
    Map<AliasKey, List<AliasTarget>> targets = new LinkedHashMap<>();
    SqlStatement.of(
            """
            SELECT tenant, plugin, alias, digest, weight FROM alias_target
            ORDER BY tenant, plugin, alias, position
            """)
        .query(
            connection,
            row ->
                targets
                    .computeIfAbsent(aliasKey(row), _ -> new ArrayList<>())
                    .add(new AliasTarget(new BlobDigest(row.getString(4)), row.getInt(5))));
    List<AliasRecord> aliases = new ArrayList<>();
    targets.forEach(
        (key, value) -> aliases.add(new AliasRecord(key.tenant, key.plugin, key.alias, value)));
    return aliases;
  }

  private static AliasKey aliasKey(ResultSet row) throws SQLException {
    return new AliasKey(
        new TenantName(row.getString(1)),
        new PluginName(row.getString(2)),
        new AliasName(row.getString(3)));
  }

  private static AuditRecord auditRecord(ResultSet row) throws SQLException {
    @Nullable String tenant = row.getString("tenant");
    return new AuditRecord(
        row.getLong("id"),
        Instant.ofEpochMilli(row.getLong("time")),
        row.getString("actor"),
        row.getString("role"),
        row.getString("action"),
        tenant == null ? null : new TenantName(tenant),
        row.getString("target"),
        row.getString("outcome"),
        row.getString("detail"),
        row.getString("remote"));
  }
}
