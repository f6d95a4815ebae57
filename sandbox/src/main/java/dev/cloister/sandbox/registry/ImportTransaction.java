package dev.cloister.sandbox.registry;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.TenantImport.ImportedPlugin;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.KeyValuePair;
import dev.cloister.sandbox.storage.KeyValueRecord;
import dev.cloister.sandbox.storage.KeyValueUsage;
import dev.cloister.sandbox.storage.MetadataTransaction;
import dev.cloister.sandbox.storage.PluginRecord;
import dev.cloister.sandbox.storage.TenantRecord;
import dev.cloister.sandbox.storage.VersionRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The one transaction that brings an archive into a tenant. On the writer thread.
final class ImportTransaction {
  private final MetadataTransaction transaction;
  private final Tenant tenant;
  private final LimitPolicy policy;
  private final Instant now;
  private int versions;
  private KeyValueUsage newKeyValues = KeyValueUsage.NONE;

  ImportTransaction(
      MetadataTransaction transaction, Tenant tenant, LimitPolicy policy, Instant now) {
    this.transaction = transaction;
    this.tenant = tenant;
    this.policy = policy;
    this.now = now;
  }

  /// What the tenant is afterwards.
  ///
  /// @param record the tenant with its limits
  /// @param plugins the plugins that the archive had
  /// @param versions how many versions are new
  /// @param newKeyValues by how much more key-value pairs are stored
  /// @param audit the entry of the audit log
  record Result(
      TenantRecord record,
      List<Plugin> plugins,
      int versions,
      KeyValueUsage newKeyValues,
      AuditRecord audit) {}

  /// Writes everything.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it exceeds the limits that the tenant has
  ///   then
  Result run(TenantImport archive, AuditLog audit, Author author) {
    TenantRecord record = tenant.record().withLimits(policy.change(Map.of(), archive.limits()));
    transaction.putTenant(record);
    transaction.putConfig(tenant.name(), archive.config());
    List<Plugin> plugins = new ArrayList<>();
    for (ImportedPlugin plugin : archive.plugins()) {
      plugins.add(put(plugin, archive.uploads()));
    }
    archive.forEachKeyValue(this::put);
    checkQuota(policy.effective(record.limits()), plugins);
    String detail =
        archive.plugins().size()
            + " plugins, "
            + versions
            + " new versions, "
            + archive.keyValueCount()
            + " key-value pairs";
    AuditRecord entry =
        transaction.appendAudit(
            audit.entry(author, "tenant.import", tenant.name(), tenant.name().text(), detail));
    return new Result(record, plugins, versions, newKeyValues, entry);
  }

  private void put(KeyValuePair pair) {
    KeyValueRecord record = pair.record();
    long before = transaction.keyValueBytes(tenant.name(), record.key());
    transaction.putKeyValue(tenant.name(), record, pair.value());
    newKeyValues = newKeyValues.plus(before < 0 ? 1 : 0, record.sizeBytes() - Math.max(0, before));
  }

  private Plugin put(ImportedPlugin imported, Map<BlobDigest, PluginUpload> uploads) {
    PluginRecord record =
        new PluginRecord(tenant.name(), imported.name(), imported.settings().json(), now);
    transaction.putPlugin(record);
    @Nullable Plugin existing = tenant.plugin(imported.name());
    Plugin plugin = existing == null ? Plugin.of(record) : existing.withRecord(record);
    for (Map.Entry<BlobDigest, Instant> version : imported.versions().entrySet()) {
      if (!plugin.versions().containsKey(version.getKey())) {
        plugin = insert(plugin, version.getKey(), version.getValue(), uploads);
      }
    }
    for (var alias : imported.aliases().entrySet()) {
      plugin = AliasRegistry.put(transaction, plugin, alias.getKey(), alias.getValue());
    }
    AliasRegistry.checkCount(plugin.aliases().size());
    return plugin;
  }

  private Plugin insert(
      Plugin plugin, BlobDigest digest, Instant createdAt, Map<BlobDigest, PluginUpload> uploads) {
    @Nullable PluginUpload upload = uploads.get(digest);
    if (upload == null) {
      throw Problem.of(ProblemType.CONFLICT, "a version was deleted while the archive was read")
          .with("version", digest.toString())
          .asException();
    }
    PluginHandle handle = upload.handle();
    VersionRecord version =
        new VersionRecord(
            tenant.name(),
            plugin.name(),
            digest,
            upload.sizeBytes(),
            handle.abi().label(),
            handle.scriptUrl(),
            createdAt);
    transaction.insertVersion(version, ModuleInterface.of(handle).json());
    transaction.addSigners(tenant.name(), plugin.name(), digest, upload.signers());
    versions++;
    return plugin.withVersion(version);
  }

  /// Checks what the tenant would have against the limits that it would have.
  private void checkQuota(IsolateLimits limits, List<Plugin> imported) {
    long count = tenant.plugins().size();
    long bytes = tenant.storedBytes() + newKeyValues.bytes();
    for (Plugin plugin : imported) {
      @Nullable Plugin before = tenant.plugin(plugin.name());
      count += before == null ? 1 : 0;
      bytes += plugin.storedBytes() - (before == null ? 0 : before.storedBytes());
      check(limits, IsolateLimit.VERSIONS_PER_PLUGIN, ProblemType.LIMIT, plugin.versions().size());
    }
    check(limits, IsolateLimit.PLUGINS, ProblemType.LIMIT, count);
    long keys = tenant.services().keyValueUsage().count() + newKeyValues.count();
    if (keys > StoredKeyValues.MAX_KEYS) {
      throw KeyValueArchive.tooMany(keys);
    }
    check(limits, IsolateLimit.STORAGE_BYTES, ProblemType.STORAGE_FULL, bytes);
  }

  private static void check(IsolateLimits limits, IsolateLimit limit, ProblemType type, long used) {
    long allowed = limits.value(limit);
    if (used > allowed) {
      throw Problem.limit(type, limit.limitName(), used, allowed).asException();
    }
  }
}
