package dev.cloister.sandbox.storage;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The metadata in a SQL database. Each table has a class `…Table` with all its statements.
///
/// One thread changes the database; reads are done by whoever asks.
final class JdbcMetadataStore implements MetadataStore {
  private static final long CLOSE_TIMEOUT_SECONDS = 30;

  private final SqlDatabase database;
  private final long auditRecordsKept;
  private final ExecutorService writer;

  private JdbcMetadataStore(SqlDatabase database, long auditRecordsKept) {
    this.database = database;
    this.auditRecordsKept = auditRecordsKept;
    this.writer =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().name("cloister-metadata").factory());
  }

  /// Opens the store in a SQLite file, creates it if it is missing and brings it up to date.
  ///
  /// @param file the database file; its folder exists
  /// @param auditRecordsKept how many audit records are kept, the oldest go first
  /// @throws StorageCorruptException if the file is damaged
  /// @throws StorageException if the database cannot be opened
  static JdbcMetadataStore sqlite(Path file, long auditRecordsKept) {
    return new JdbcMetadataStore(SqliteDatabase.open(file), auditRecordsKept);
  }

  /// Opens the store in a PostgreSQL database, fills that if it is empty and brings it up to date.
  ///
  /// @param auditRecordsKept how many audit records are kept, the oldest go first
  /// @throws StorageException if the database cannot be used, by this server and no other
  static JdbcMetadataStore postgresql(PostgresAddress address, long auditRecordsKept) {
    return in(PostgresDatabase.open(address), auditRecordsKept);
  }

  /// Returns the store in a database that is up to date, which it closes.
  ///
  /// @param auditRecordsKept how many audit records are kept, the oldest go first
  static JdbcMetadataStore in(SqlDatabase database, long auditRecordsKept) {
    return new JdbcMetadataStore(database, auditRecordsKept);
  }

  @Override
  public MetadataSnapshot load() {
    List<DamagedRow> damaged = new ArrayList<>();
    return database.read(session ->
        new MetadataSnapshot(
            TenantTable.all(session, damaged::add),
            KeyTable.all(session, damaged::add),
            PluginTable.all(session, damaged::add),
            VersionTable.all(session, damaged::add),
            AliasTable.all(session, damaged::add),
            PendingTable.all(session, damaged::add),
            ServicesTable.all(session, damaged::add),
            damaged));
  }

  @Override
  public <T> T write(Function<MetadataTransaction, T> work, Consumer<T> onCommit) {
    Runnable guard = WriteGuard.take();
    Future<T> result =
        writer.submit(() -> {
          T value =
              database.change(session -> {
                guard.run();
                return work.apply(new JdbcTransaction(session, auditRecordsKept));
              });
          onCommit.accept(value);
          return value;
        });
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("a transaction failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a transaction", e);
    }
  }

  @Override
  public @Nullable String versionInterface(
      TenantName tenant, PluginName plugin, BlobDigest version) {
    // Boxed in a list because a transaction's result is never null.
    List<String> found =
        database.read(session -> {
          @Nullable String text = VersionTable.interfaceOf(session, tenant, plugin, version);
          return text == null ? List.of() : List.of(text);
        });
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  public List<AliasChange> aliasChanges(TenantName tenant, PluginName plugin, AliasName alias) {
    return database.read(session -> AliasChangeTable.list(session, tenant, plugin, alias));
  }

  @Override
  public Set<BlobDigest> referencedBlobs() {
    return Set.copyOf(database.read(VersionTable::digests));
  }

  @Override
  public boolean isReferenced(BlobDigest digest) {
    return database.read(session -> VersionTable.has(session, digest));
  }

  @Override
  public byte @Nullable [] keyValue(TenantName tenant, String key) {
    // Boxed in a list because a transaction's result is never null.
    List<byte[]> found =
        database.read(session -> {
          byte @Nullable [] value = KeyValueTable.value(session, tenant, key);
          return value == null ? List.of() : List.of(value);
        });
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  public @Nullable String signaturePolicy(TenantName tenant) {
    // Boxed in a list because a transaction's result is never null.
    List<String> found = database.read(session -> SignatureTable.policies(session, tenant));
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  public List<KeyValueRecord> keyValues(
      TenantName tenant, String prefix, @Nullable String after, int limit) {
    return database.read(
        session -> KeyValueTable.list(session, tenant, prefix, after == null ? "" : after, limit));
  }

  @Override
  public <T> T readKeyValues(TenantName tenant, Function<KeyValueCursor, T> reader) {
    return database.read(session -> reader.apply(new KeyValueCursor(session, tenant)));
  }

  @Override
  public List<Signer> signers(TenantName tenant, PluginName plugin, BlobDigest version) {
    return database.read(session -> SignatureTable.signers(session, tenant, plugin, version));
  }

  @Override
  public List<UsageRecord> usage(TenantName tenant, Instant from, Instant to) {
    return database.read(session -> UsageTable.list(session, tenant, from, to));
  }

  @Override
  public List<RequestRecord> request(String id) {
    return database.read(session -> RequestTable.find(session, id));
  }

  @Override
  public List<OperationRecord> operations() {
    return database.read(OperationTable::list);
  }

  @Override
  public List<AuditRecord> audit(AuditFilter filter) {
    return database.read(session -> AuditTable.list(session, filter));
  }

  @Override
  public List<AuditRecord> auditAfter(long id, int limit) {
    return database.read(session -> AuditTable.after(session, id, limit));
  }

  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("a transaction does not end");
      }
      database.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while closing the database", e);
    }
  }
}
