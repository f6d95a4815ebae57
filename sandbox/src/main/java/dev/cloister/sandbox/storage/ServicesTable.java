package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// The tables `tenant_config`, `tenant_secret` and `tenant_policy`.
final class ServicesTable {
  private ServicesTable() {}

  /// Returns what is stored by tenant; a tenant without anything is missing.
  static Map<TenantName, ServicesRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    Map<TenantName, Map<String, String>> configs = new HashMap<>();
    session.queryIntact(
        damaged,
        "tenant_config",
        row ->
            configs
                    .computeIfAbsent(new TenantName(row.getString(1)), _ -> new HashMap<>())
                    .put(row.getString(2), row.getString(3))
                == null,
        "SELECT tenant, name, value FROM tenant_config");
    Map<TenantName, Map<String, SecretRecord>> secrets = new HashMap<>();
    session.queryIntact(
        damaged,
        "tenant_secret",
        row ->
            secrets
                    .computeIfAbsent(new TenantName(row.getString(1)), _ -> new HashMap<>())
                    .put(
                        row.getString(2),
                        new SecretRecord(row.getBytes(3), Instant.ofEpochMilli(row.getLong(4))))
                == null,
        "SELECT tenant, name, sealed, updated_at FROM tenant_secret");
    Map<TenantName, PolicyRecord> policies = new HashMap<>();
    session.queryIntact(
        damaged,
        "tenant_policy",
        row ->
            policies.put(
                    new TenantName(row.getString(1)),
                    new PolicyRecord(row.getString(2), row.getString(3)))
                == null,
        "SELECT tenant, allowed, wanted FROM tenant_policy");
    Map<TenantName, KeyValueUsage> usages = KeyValueTable.usages(session, damaged);
    Set<TenantName> names = new HashSet<>(configs.keySet());
    names.addAll(secrets.keySet());
    names.addAll(policies.keySet());
    names.addAll(usages.keySet());
    Map<TenantName, ServicesRecord> all = new HashMap<>();
    for (TenantName name : names) {
      all.put(
          name,
          new ServicesRecord(
              configs.getOrDefault(name, Map.of()),
              secrets.getOrDefault(name, Map.of()),
              policies.get(name),
              usages.getOrDefault(name, KeyValueUsage.NONE)));
    }
    return all;
  }

  static void putConfig(SqlSession session, TenantName tenant, Map<String, String> config) {
    session.update("DELETE FROM tenant_config WHERE tenant = ?", tenant.text());
    config.forEach((name, value) ->
        session.update(
            "INSERT INTO tenant_config (tenant, name, value) VALUES (?, ?, ?)",
            tenant.text(),
            name,
            value));
  }

  static void putSecret(SqlSession session, TenantName tenant, String name, SecretRecord secret) {
    session.update(
        """
        INSERT INTO tenant_secret (tenant, name, sealed, updated_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (tenant, name)
          DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at
        """,
        tenant.text(),
        name,
        secret.sealed(),
        secret.updatedAt().toEpochMilli());
  }

  static void deleteSecret(SqlSession session, TenantName tenant, String name) {
    session.update("DELETE FROM tenant_secret WHERE tenant = ? AND name = ?", tenant.text(), name);
  }

  static void putPolicy(SqlSession session, TenantName tenant, PolicyRecord policy) {
    session.update(
        """
        INSERT INTO tenant_policy (tenant, allowed, wanted) VALUES (?, ?, ?)
        ON CONFLICT (tenant) DO UPDATE SET allowed = excluded.allowed, wanted = excluded.wanted
        """,
        tenant.text(),
        policy.allowed(),
        policy.wanted());
  }
}
