package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.Set;

/// The changes a transaction can make. Valid only inside [MetadataStore#write].
///
/// Names of parents must exist; deleting a parent deletes what belongs to it.
public interface MetadataTransaction {

  /// Creates the tenant or replaces its state and limits.
  void putTenant(TenantRecord tenant);

  /// Deletes the tenant with its keys and plugins.
  void deleteTenant(TenantName tenant);

  /// Adds a key.
  void insertKey(KeyRecord key);

  /// Replaces the secret of a key, and the one it had before.
  void replaceSecret(KeyRecord key);

  /// Notes when a key was used last; does nothing if it is gone.
  void touchKey(String id, Instant usedAt);

  /// Deletes a key.
  void deleteKey(String id);

  /// Creates the plugin or replaces its settings.
  void putPlugin(PluginRecord plugin);

  /// Deletes the plugin with its versions and aliases.
  void deletePlugin(TenantName tenant, PluginName plugin);

  /// Adds a version with its imports and exports as JSON text.
  void insertVersion(VersionRecord version, String interfaceJson);

  /// Deletes a version and every alias target that names it.
  void deleteVersion(TenantName tenant, PluginName plugin, BlobDigest version);

  /// Creates the alias or replaces its targets.
  void putAlias(AliasRecord alias);

  /// Replaces whose signatures of modules a tenant wants, as JSON text.
  void putSignaturePolicy(TenantName tenant, String policyJson);

  /// Notes that keys signed a version, beside those that are known to have.
  void addSigners(TenantName tenant, PluginName plugin, BlobDigest version, Set<Signer> signers);

  /// Adds to what a tenant used in an hour; does nothing if it is gone.
  void addUsage(TenantName tenant, UsageRecord usage);

  /// Forgets what tenants used in hours before a time.
  void deleteUsageBefore(Instant time);

  /// Appends to the audit log and returns the record with its number.
  AuditRecord appendAudit(AuditRecord entry);
}
