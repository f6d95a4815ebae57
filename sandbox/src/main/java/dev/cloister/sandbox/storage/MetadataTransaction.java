package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.List;
import java.util.Map;
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

  /// Creates the alias or replaces its targets, and notes the change if it is one.
  void putAlias(AliasRecord alias, Instant changedAt);

  /// Lists what an alias named, newest first; only the last of its changes are kept.
  List<AliasChange> aliasChanges(TenantName tenant, PluginName plugin, AliasName alias);

  /// Marks a version as one that waits for approval.
  void insertPending(PendingRecord version);

  /// Takes that mark away; does nothing if there is none.
  void deletePending(PendingRecord version);

  /// Replaces a tenant's configuration.
  void putConfig(TenantName tenant, Map<String, String> config);

  /// Creates a tenant's secret or replaces its value.
  void putSecret(TenantName tenant, String name, SecretRecord secret);

  /// Deletes a tenant's secret; does nothing if there is none.
  void deleteSecret(TenantName tenant, String name);

  /// Replaces a tenant's policy.
  void putPolicy(TenantName tenant, PolicyRecord policy);

  /// Creates a tenant's key-value pair or replaces its value.
  void putKeyValue(TenantName tenant, KeyValueRecord entry, byte[] value);

  /// Deletes a tenant's key-value pair; does nothing if there is none.
  void deleteKeyValue(TenantName tenant, String key);

  /// Returns the size of a tenant's key-value pair, or -1 if there is none.
  long keyValueBytes(TenantName tenant, String key);

  /// Replaces whose signatures of modules a tenant wants, as JSON text.
  void putSignaturePolicy(TenantName tenant, String policyJson);

  /// Notes that keys signed a version, beside those that are known to have.
  void addSigners(TenantName tenant, PluginName plugin, BlobDigest version, Set<Signer> signers);

  /// Adds to what a tenant used in an hour; does nothing if it is gone.
  void addUsage(TenantName tenant, UsageRecord usage);

  /// Forgets what tenants used in hours before a time.
  void deleteUsageBefore(Instant time);

  /// Notes a request that may be sent again, or how it was answered.
  void putRequest(RequestRecord request);

  /// Forgets a request that may be sent again.
  void deleteRequest(String id);

  /// Forgets the requests whose time is over.
  void deleteExpiredRequests(Instant now);

  /// Returns how many requests of `principal` are kept.
  RequestRecord.Use requestUse(String principal);

  /// Adds an operation that goes on; does nothing if its tenant is gone.
  void insertOperation(OperationRecord operation);

  /// Notes how an operation ended; does nothing if it is gone.
  void endOperation(String id, String status, OperationRecord.End end);

  /// Forgets an operation; does nothing if it is gone.
  void deleteOperation(String id);

  /// Forgets the operations that ended before a time.
  void deleteOperationsEndedBefore(Instant time);

  /// Appends to the audit log and returns the record with its number.
  AuditRecord appendAudit(AuditRecord entry);
}
