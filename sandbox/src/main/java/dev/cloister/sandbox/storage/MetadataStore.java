package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The durable record of tenants, keys, plugins, versions, aliases and the audit log.
///
/// Changes are transactions: when [#write] returns, the change is on disk. All methods block and
/// may be called from any thread but the store's own writer thread.
public interface MetadataStore extends AutoCloseable {

  /// Reads everything except what only single requests ask for.
  ///
  /// @throws StorageException if the store cannot be read
  MetadataSnapshot load();

  /// Runs `work` as one transaction and, once it is durable, `onCommit` with its result.
  ///
  /// Both run on the store's one writer thread, so transactions and what they change in memory
  /// happen in one order. If `work` throws, nothing is changed and its exception is thrown here; so
  /// it is if the caller's [WriteGuard] throws, which is asked first.
  ///
  /// @throws StorageException if the store cannot be written
  /// @throws StorageFullException if there is no space for the change
  <T> T write(Function<MetadataTransaction, T> work, Consumer<T> onCommit);

  /// Returns the imports and exports of a version as JSON text, or null if there is no such
  /// version.
  ///
  /// @throws StorageException if the store cannot be read
  @Nullable String versionInterface(TenantName tenant, PluginName plugin, BlobDigest version);

  /// Lists what an alias named, newest first; only the last of its changes are kept.
  ///
  /// @throws StorageException if the store cannot be read
  List<AliasChange> aliasChanges(TenantName tenant, PluginName plugin, AliasName alias);

  /// Returns the digests of all versions of all plugins.
  ///
  /// @throws StorageException if the store cannot be read
  Set<BlobDigest> referencedBlobs();

  /// Returns whether any version of any plugin has this digest.
  ///
  /// @throws StorageException if the store cannot be read
  boolean isReferenced(BlobDigest digest);

  /// Returns the value of a tenant's key, or null if there is none.
  ///
  /// @throws StorageException if the store cannot be read
  byte @Nullable [] keyValue(TenantName tenant, String key);

  /// Lists a tenant's keys that begin with `prefix` and come after `after`, in the order of their
  /// bytes in UTF-8, at most `limit`.
  ///
  /// @param after the last key of the list before, null for the first
  /// @throws StorageException if the store cannot be read
  List<KeyValueRecord> keyValues(
      TenantName tenant, String prefix, @Nullable String after, int limit);

  /// Returns what `reader` makes of a tenant's key-value pairs as they are at one moment.
  ///
  /// @param reader may be called again from the beginning, if the database was lost meanwhile
  /// @throws StorageException if the store cannot be read
  <T> T readKeyValues(TenantName tenant, Function<KeyValueCursor, T> reader);

  /// Returns whose signatures of modules a tenant wants, as JSON text, or null if it said nothing.
  ///
  /// @throws StorageException if the store cannot be read
  @Nullable String signaturePolicy(TenantName tenant);

  /// Returns the keys that signed a version, by their ids.
  ///
  /// @throws StorageException if the store cannot be read
  List<Signer> signers(TenantName tenant, PluginName plugin, BlobDigest version);

  /// Returns what a tenant used in the hours that begin in `[from, to)`, oldest first.
  ///
  /// @throws StorageException if the store cannot be read
  List<UsageRecord> usage(TenantName tenant, Instant from, Instant to);

  /// Returns the request of this id, none or one.
  ///
  /// @throws StorageException if the store cannot be read
  List<RequestRecord> request(String id);

  /// Lists the operations, the oldest first.
  ///
  /// @throws StorageException if the store cannot be read
  List<OperationRecord> operations();

  /// Lists audit records, newest first.
  ///
  /// @throws StorageException if the store cannot be read
  List<AuditRecord> audit(AuditFilter filter);

  /// Lists audit records with numbers above `id`, oldest first, at most `limit`.
  ///
  /// @throws StorageException if the store cannot be read
  List<AuditRecord> auditAfter(long id, int limit);

  /// Ends the transactions that were begun and releases the store.
  @Override
  void close();
}
