package dev.cloister.sandbox.storage;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// The metadata of a single node in one SQLite file.
///
/// Write-ahead logging with `synchronous=FULL`: a transaction is on disk when its commit returns,
/// and readers never wait for the writer. One thread owns the writing connection; reads borrow one
/// of a few read-only connections.
public final class SqliteMetadataStore implements MetadataStore {
  private static final int READ_CONNECTIONS = 4;
  private static final int BUSY_TIMEOUT_MILLIS = 5_000;
  private static final long CLOSE_TIMEOUT_SECONDS = 30;

  private final long auditRecordsKept;
  private final Connection writeConnection;
  private final BlockingQueue<Connection> readConnections;
  private final ExecutorService writer;

  private SqliteMetadataStore(
      long auditRecordsKept, Connection write, BlockingQueue<Connection> reads) {
    this.auditRecordsKept = auditRecordsKept;
    this.writeConnection = write;
    this.readConnections = reads;
    this.writer =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().name("cloister-metadata").factory());
  }

  /// Opens the database, creates it if it is missing and brings its schema up to date.
  ///
  /// @param file the database file; its folder exists
  /// @param auditRecordsKept how many audit records are kept, the oldest go first
  /// @throws StorageException if the database cannot be opened
  public static SqliteMetadataStore open(Path file, long auditRecordsKept) {
    try {
      Connection write = connect(file, /* isReadOnly= */ false);
      SqliteMigrations.apply(write);
      write.setAutoCommit(false);
      BlockingQueue<Connection> reads = new ArrayBlockingQueue<>(READ_CONNECTIONS);
      for (int i = 0; i < READ_CONNECTIONS; i++) {
        reads.add(connect(file, /* isReadOnly= */ true));
      }
      return new SqliteMetadataStore(auditRecordsKept, write, reads);
    } catch (SQLException e) {
      throw failure("cannot open the database " + file, e);
    }
  }

  @Override
  public MetadataSnapshot load() {
    return read(SqliteQueries::snapshot);
  }

  @Override
  public <T> T write(Function<MetadataTransaction, T> work, Consumer<T> onCommit) {
    WriteGuard guard = WriteGuard.current();
    Future<T> result =
        writer.submit(() -> {
          T value =
              transact(transaction -> {
                guard.check();
                return work.apply(transaction);
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
    // Boxed in a list because a query's result is never null.
    List<String> found =
        read(connection -> {
          @Nullable String text =
              SqliteQueries.versionInterface(connection, tenant, plugin, version);
          return text == null ? List.of() : List.of(text);
        });
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  public Set<BlobDigest> referencedBlobs() {
    return Set.copyOf(read(SqliteQueries::referencedBlobs));
  }

  @Override
  public boolean isReferenced(BlobDigest digest) {
    return read(connection -> SqliteQueries.isReferenced(connection, digest));
  }

  @Override
  public List<AuditRecord> audit(AuditFilter filter) {
    return read(connection -> SqliteQueries.audit(connection, filter));
  }

  @Override
  public List<AuditRecord> auditAfter(long id, int limit) {
    return read(connection -> SqliteQueries.auditAfter(connection, id, limit));
  }

  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("a transaction does not end");
      }
      for (int i = 0; i < READ_CONNECTIONS; i++) {
        readConnections.take().close();
      }
      // Last, because the last connection to close folds the write-ahead log into the database.
      writeConnection.close();
    } catch (SQLException e) {
      throw failure("cannot close the database", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while closing the database", e);
    }
  }

  static StorageException failure(String message, SQLException cause) {
    String text = message + ": " + cause.getMessage();
    if (cause instanceof SQLiteException sqlite
        && sqlite.getResultCode() == SQLiteErrorCode.SQLITE_FULL) {
      return new StorageFullException(text, cause);
    }
    return new StorageException(text, cause);
  }

  private static Connection connect(Path file, boolean isReadOnly) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.enforceForeignKeys(true);
    config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
    config.setReadOnly(isReadOnly);
    return config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
  }

  private <T> T transact(Function<MetadataTransaction, T> work) {
    boolean isCommitted = false;
    try {
      T value = work.apply(new SqliteTransaction(writeConnection, auditRecordsKept));
      writeConnection.commit();
      isCommitted = true;
      return value;
    } catch (SQLException e) {
      throw failure("cannot commit a change of the metadata", e);
    } finally {
      if (!isCommitted) {
        rollback();
      }
    }
  }

  private void rollback() {
    try {
      writeConnection.rollback();
    } catch (SQLException e) {
      throw failure("cannot undo a change of the metadata", e);
    }
  }

  /// A query on a connection.
  @FunctionalInterface
  private interface Query<T> {
    T run(Connection connection) throws SQLException;
  }

  private <T> T read(Query<T> query) {
    Connection connection = borrow();
    try {
      return query.run(connection);
    } catch (SQLException e) {
      throw failure("cannot read the metadata", e);
    } finally {
      readConnections.add(connection);
    }
  }

  private Connection borrow() {
    try {
      return readConnections.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    }
  }
}
