package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.services.PolicyDocument;
import dev.cloister.sandbox.services.TenantPolicy;
import dev.cloister.sandbox.storage.AliasRecord;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.DamagedRow;
import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.MetadataSnapshot;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.PluginRecord;
import dev.cloister.sandbox.storage.PolicyRecord;
import dev.cloister.sandbox.storage.ServicesRecord;
import dev.cloister.sandbox.storage.StorageHealth;
import dev.cloister.sandbox.storage.TenantName;
import dev.cloister.sandbox.storage.TenantRecord;
import dev.cloister.sandbox.storage.VersionRecord;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The stored rows, put together to tenants and their plugins.
///
/// A tenant of which any row is damaged is left out as a whole: served in part it could run what it
/// must not, or lose what is still there when it is changed.
final class StoredTenants {
  private final StorageHealth health;
  private final Map<TenantName, TenantRecord> tenants = new LinkedHashMap<>();
  private final Map<TenantName, Map<PluginName, Plugin>> plugins = new HashMap<>();
  private final Set<TenantName> damaged = new HashSet<>();

  private StoredTenants(StorageHealth health) {
    this.health = health;
  }

  /// Puts a snapshot together; what is damaged is told to `health`.
  static StoredTenants of(MetadataSnapshot snapshot, StorageHealth health) {
    StoredTenants stored = new StoredTenants(health);
    snapshot.damaged().forEach(stored::damage);
    snapshot.tenants().forEach(record -> stored.tenants.put(record.name(), record));
    snapshot.plugins().forEach(stored::add);
    snapshot.versions().forEach(stored::add);
    snapshot.aliases().forEach(stored::add);
    snapshot.services().forEach(stored::checkPolicy);
    stored.tenants.keySet().removeAll(stored.damaged);
    return stored;
  }

  /// Returns the tenants that are whole.
  Collection<TenantRecord> whole() {
    return tenants.values();
  }

  /// Returns those of `keys` whose tenant is whole.
  List<KeyRecord> keysOfWhole(List<KeyRecord> keys) {
    return keys.stream().filter(key -> tenants.containsKey(key.tenant())).toList();
  }

  /// Returns the plugins of a tenant.
  Collection<Plugin> pluginsOf(TenantName tenant) {
    return plugins.getOrDefault(tenant, Map.of()).values();
  }

  /// Returns the tenants of which something is damaged.
  Set<TenantName> damaged() {
    return Set.copyOf(damaged);
  }

  private void add(PluginRecord record) {
    try {
      pluginsByName(record.tenant()).put(record.name(), Plugin.of(record));
    } catch (ApiException e) {
      damage(record.tenant(), "plugin", record.name() + ": settings: " + e.getMessage());
    }
  }

  private void add(VersionRecord version) {
    @Nullable Plugin plugin = pluginsByName(version.tenant()).get(version.plugin());
    if (plugin == null) {
      damage(version.tenant(), "version", version.digest() + ": no plugin " + version.plugin());
      return;
    }
    pluginsByName(version.tenant()).put(version.plugin(), plugin.withVersion(version));
  }

  private void add(AliasRecord alias) {
    @Nullable Plugin plugin = pluginsByName(alias.tenant()).get(alias.plugin());
    String where = alias.plugin() + " " + alias.alias();
    if (plugin == null) {
      damage(alias.tenant(), "alias_target", where + ": no such plugin");
      return;
    }
    for (AliasTarget target : alias.targets()) {
      if (!plugin.versions().containsKey(target.version())) {
        damage(alias.tenant(), "alias_target", where + ": no version " + target.version());
        return;
      }
    }
    pluginsByName(alias.tenant())
        .put(alias.plugin(), plugin.withAlias(alias.alias(), alias.targets()));
  }

  private void checkPolicy(TenantName tenant, ServicesRecord services) {
    @Nullable PolicyRecord policy = services.policy();
    if (policy == null) {
      return;
    }
    try {
      TenantPolicy _ = PolicyDocument.parse(policy.allowed(), TenantPolicy.NOTHING);
      TenantPolicy _ = PolicyDocument.parse(policy.wanted(), TenantPolicy.NOTHING);
    } catch (ApiException e) {
      damage(tenant, "tenant_policy", String.valueOf(e.getMessage()));
    }
  }

  private Map<PluginName, Plugin> pluginsByName(TenantName tenant) {
    return plugins.computeIfAbsent(tenant, _ -> new LinkedHashMap<>());
  }

  private void damage(TenantName tenant, String table, String reason) {
    damage(new DamagedRow(tenant, table, reason));
  }

  private void damage(DamagedRow row) {
    health.rowDamaged(row);
    @Nullable TenantName tenant = row.tenant();
    if (tenant != null) {
      damaged.add(tenant);
    }
  }
}
