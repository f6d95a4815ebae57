package dev.cloister.sandbox.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The rows behind one transaction. Used on the store's writer thread only.
final class SqliteTransaction implements MetadataTransaction {
  private static final int AUDIT_PRUNE_INTERVAL = 256;

  private final Connection connection;
  private final long auditRecordsKept;

  SqliteTransaction(Connection connection, long auditRecordsKept) {
    this.connection = connection;
    this.auditRecordsKept = auditRecordsKept;
  }

  @Override
  public void putTenant(TenantRecord tenant) {
    String name = tenant.name().text();
    update(
        """
        INSERT INTO tenant (name, state, created_at) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET state = excluded.state
        """,
        name,
        tenant.state().name(),
        tenant.createdAt().toEpochMilli());
    update("DELETE FROM tenant_limit WHERE tenant = ?", name);
    for (Map.Entry<String, Long> limit : tenant.limits().entrySet()) {
      update(
          "INSERT INTO tenant_limit (tenant, name, value) VALUES (?, ?, ?)",
          name,
          limit.getKey(),
          limit.getValue());
    }
  }

  @Override
  public void deleteTenant(TenantName tenant) {
    update("DELETE FROM tenant WHERE name = ?", tenant.text());
  }

  @Override
  public void insertKey(KeyRecord key) {
    update(
        "INSERT INTO api_key (id, tenant, role, secret_hash, created_at) VALUES (?, ?, ?, ?, ?)",
        key.id(),
        key.tenant().text(),
        key.role().name(),
        key.secretHash(),
        key.createdAt().toEpochMilli());
  }

  @Override
  public void deleteKey(String id) {
    update("DELETE FROM api_key WHERE id = ?", id);
  }

  @Override
  public void putPlugin(PluginRecord plugin) {
    update(
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

  @Override
  public void deletePlugin(TenantName tenant, PluginName plugin) {
    update("DELETE FROM plugin WHERE tenant = ? AND name = ?", tenant.text(), plugin.text());
  }

  @Override
  public void insertVersion(VersionRecord version, String interfaceJson) {
    update(
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

  @Override
  public void deleteVersion(TenantName tenant, PluginName plugin, BlobDigest version) {
    update(
        "DELETE FROM version WHERE tenant = ? AND plugin = ? AND digest = ?",
        tenant.text(),
        plugin.text(),
        version.hex());
  }

  @Override
  public void putAlias(AliasRecord alias) {
    String tenant = alias.tenant().text();
    String plugin = alias.plugin().text();
    String name = alias.alias().text();
    update(
        "DELETE FROM alias_target WHERE tenant = ? AND plugin = ? AND alias = ?",
        tenant,
        plugin,
        name);
    for (int position = 0; position < alias.targets().size(); position++) {
      AliasTarget target = alias.targets().get(position);
      update(
          """
          INSERT INTO alias_target (tenant, plugin, alias, position, digest, weight)
            VALUES (?, ?, ?, ?, ?, ?)
          """,
          tenant,
          plugin,
          name,
          position,
          target.version().hex(),
          target.weight());
    }
  }

  @Override
  public AuditRecord appendAudit(AuditRecord entry) {
    @Nullable TenantName tenant = entry.tenant();
    List<Long> ids =
        query(
            """
            INSERT INTO audit
              (time, actor, role, action, tenant, target, outcome, detail, remote)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            entry.time().toEpochMilli(),
            entry.actor(),
            entry.role(),
            entry.action(),
            tenant == null ? null : tenant.text(),
            entry.target(),
            entry.outcome(),
            entry.detail(),
            entry.remote());
    long id = ids.getFirst();
    if (id % AUDIT_PRUNE_INTERVAL == 0) {
      update("DELETE FROM audit WHERE id <= ?", id - auditRecordsKept);
    }
    return entry.withId(id);
  }

  private void update(String sql, @Nullable Object... parameters) {
    try {
      SqlStatement.of(sql, parameters).update(connection);
    } catch (SQLException e) {
      throw SqliteMetadataStore.failure("cannot change the metadata", e);
    }
  }

  private List<Long> query(String sql, @Nullable Object... parameters) {
    try {
      return SqlStatement.of(sql, parameters).query(connection, row -> row.getLong(1));
    } catch (SQLException e) {
      throw SqliteMetadataStore.failure("cannot change the metadata", e);
    }
  }
}
