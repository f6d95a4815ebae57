package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The changes of one transaction. Used on the store's writer thread only.
final class JdbcTransaction implements MetadataTransaction {
  private final SqlSession session;
  private final long auditRecordsKept;

  JdbcTransaction(SqlSession session, long auditRecordsKept) {
    this.session = session;
    this.auditRecordsKept = auditRecordsKept;
  }

  @Override
  public void putTenant(TenantRecord tenant) {
    TenantTable.put(session, tenant);
  }

  @Override
  public void deleteTenant(TenantName tenant) {
    TenantTable.delete(session, tenant);
  }

  @Override
  public void insertKey(KeyRecord key) {
    KeyTable.insert(session, key);
  }

  @Override
  public void replaceSecret(KeyRecord key) {
    KeyTable.replaceSecret(session, key);
  }

  @Override
  public void touchKey(String id, Instant usedAt) {
    KeyTable.touch(session, id, usedAt);
  }

  @Override
  public void deleteKey(String id) {
    KeyTable.delete(session, id);
  }

  @Override
  public void putPlugin(PluginRecord plugin) {
    PluginTable.put(session, plugin);
  }

  @Override
  public void deletePlugin(TenantName tenant, PluginName plugin) {
    PluginTable.delete(session, tenant, plugin);
  }

  @Override
  public void insertVersion(VersionRecord version, String interfaceJson) {
    VersionTable.insert(session, version, interfaceJson);
  }

  @Override
  public void deleteVersion(TenantName tenant, PluginName plugin, BlobDigest version) {
    VersionTable.delete(session, tenant, plugin, version);
  }

  @Override
  public void putAlias(AliasRecord alias, Instant changedAt) {
    AliasTable.put(session, alias, changedAt);
  }

  @Override
  public List<AliasChange> aliasChanges(TenantName tenant, PluginName plugin, AliasName alias) {
    return AliasChangeTable.list(session, tenant, plugin, alias);
  }

  @Override
  public void insertPending(PendingRecord version) {
    PendingTable.insert(session, version);
  }

  @Override
  public void deletePending(PendingRecord version) {
    PendingTable.delete(session, version);
  }

  @Override
  public void putConfig(TenantName tenant, Map<String, String> config) {
    ServicesTable.putConfig(session, tenant, config);
  }

  @Override
  public void putSecret(TenantName tenant, String name, SecretRecord secret) {
    ServicesTable.putSecret(session, tenant, name, secret);
  }

  @Override
  public void deleteSecret(TenantName tenant, String name) {
    ServicesTable.deleteSecret(session, tenant, name);
  }

  @Override
  public void putPolicy(TenantName tenant, PolicyRecord policy) {
    ServicesTable.putPolicy(session, tenant, policy);
  }

  @Override
  public void putKeyValue(TenantName tenant, KeyValueRecord entry, byte[] value) {
    KeyValueTable.put(session, tenant, entry, value);
  }

  @Override
  public void deleteKeyValue(TenantName tenant, String key) {
    KeyValueTable.delete(session, tenant, key);
  }

  @Override
  public long keyValueBytes(TenantName tenant, String key) {
    return KeyValueTable.sizeBytes(session, tenant, key);
  }

  @Override
  public void putSignaturePolicy(TenantName tenant, String policyJson) {
    SignatureTable.putPolicy(session, tenant, policyJson);
  }

  @Override
  public void addSigners(
      TenantName tenant, PluginName plugin, BlobDigest version, Set<Signer> signers) {
    signers.forEach(signer -> SignatureTable.addSigner(session, tenant, plugin, version, signer));
  }

  @Override
  public void addUsage(TenantName tenant, UsageRecord usage) {
    UsageTable.add(session, tenant, usage);
  }

  @Override
  public void deleteUsageBefore(Instant time) {
    UsageTable.deleteBefore(session, time);
  }

  @Override
  public void putRequest(RequestRecord request) {
    RequestTable.put(session, request);
  }

  @Override
  public void deleteRequest(String id) {
    RequestTable.delete(session, id);
  }

  @Override
  public void deleteExpiredRequests(Instant now) {
    RequestTable.deleteExpired(session, now);
  }

  @Override
  public RequestRecord.Use requestUse(String principal) {
    return RequestTable.use(session, principal);
  }

  @Override
  public void insertOperation(OperationRecord operation) {
    OperationTable.insert(session, operation);
  }

  @Override
  public void endOperation(String id, String status, OperationRecord.End end) {
    OperationTable.end(session, id, status, end);
  }

  @Override
  public void deleteOperation(String id) {
    OperationTable.delete(session, id);
  }

  @Override
  public void deleteOperationsEndedBefore(Instant time) {
    OperationTable.deleteEndedBefore(session, time);
  }

  @Override
  public AuditRecord appendAudit(AuditRecord entry) {
    return AuditTable.append(session, entry, auditRecordsKept);
  }
}
