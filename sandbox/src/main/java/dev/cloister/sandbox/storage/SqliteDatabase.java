package dev.cloister.sandbox.storage;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;

/*
 * Transactions are begun and ended by statements, not by the driver's setAutoCommit(false): when
 * SQLite ends a transaction by itself, for want of space, the driver believes it still open and
 * would run the statements of the next one without any.
 */

/// One SQLite file, which belongs to this process alone.
///
/// Write-ahead logging with `synchronous=FULL`: a transaction is on disk when its commit returns,
/// and readers never wait for the writer. One connection writes; reads borrow one of a few
/// read-only connections.
final class SqliteDatabase implements SqlDatabase {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteDatabase.class);

  private static final int READ_CONNECTIONS = 4;
  private static final int BUSY_TIMEOUT_MILLIS = 5_000;

  private final Connection writeConnection;
  private final BlockingQueue<Connection> readConnections =
      new ArrayBlockingQueue<>(READ_CONNECTIONS);

  private SqliteDatabase(Connection writeConnection) {
    this.writeConnection = writeConnection;
  }

  /// Opens the database, creates it if it is missing, checks it and brings its schema up to date.
  ///
  /// @param file the database file; its folder exists
  /// @throws StorageCorruptException if the file is damaged
  /// @throws StorageException if the database cannot be opened
  static SqliteDatabase open(Path file) {
    try {
      Connection write = connect(file, /* isReadOnly= */ false);
      SqliteDatabase database = new SqliteDatabase(write);
      try {
        check(file, write);
        SchemaMigrations.apply(write, SqlDialect.SQLITE);
        while (database.readConnections.remainingCapacity() > 0) {
          database.readConnections.add(connect(file, /* isReadOnly= */ true));
        }
        return database;
      } catch (SQLException | RuntimeException e) {
        database.closeConnections();
        throw e;
      }
    } catch (SQLException e) {
      if (SqlDialect.SQLITE.fault(e) == SqlDialect.Fault.CORRUPT) {
        throw new StorageCorruptException(damaged(file, String.valueOf(e.getMessage())), e);
      }
      throw SqlDialect.SQLITE.failure("cannot open the database " + file, e);
    }
  }

  @Override
  public <T> T read(Function<SqlSession, T> work) {
    Connection connection = borrow();
    try {
      SqlDialect.run(connection, "BEGIN");
      return work.apply(new SqlSession(connection, SqlDialect.SQLITE));
    } catch (SQLException e) {
      throw SqlDialect.SQLITE.failure("cannot read the metadata", e);
    } finally {
      // Ends the transaction, so that the next reader sees what is new.
      rollback(connection);
      readConnections.add(connection);
    }
  }

  @Override
  public <T> T change(Function<SqlSession, T> work) {
    boolean isCommitted = false;
    try {
      SqlDialect.run(writeConnection, "BEGIN IMMEDIATE");
      T value = work.apply(new SqlSession(writeConnection, SqlDialect.SQLITE));
      SqlDialect.run(writeConnection, "COMMIT");
      isCommitted = true;
      return value;
    } catch (SQLException e) {
      throw SqlDialect.SQLITE.failure("cannot commit a change of the metadata", e);
    } finally {
      if (!isCommitted) {
        rollback(writeConnection);
      }
    }
  }

  @Override
  public void close() {
    try {
      closeConnections();
    } catch (SQLException e) {
      throw SqlDialect.SQLITE.failure("cannot close the database", e);
    }
  }

  private void closeConnections() throws SQLException {
    for (Connection connection : readConnections) {
      connection.close();
    }
    // Last, because the last connection to close folds the write-ahead log into the database.
    writeConnection.close();
  }

  /// Ends what is open. If that fails, either SQLite has ended it itself, as it does when there is
  /// no room, or the next transaction cannot begin.
  private static void rollback(Connection connection) {
    try {
      SqlDialect.run(connection, "ROLLBACK");
    } catch (SQLException e) {
      LOG.debug("event=rollback-failed", e);
    }
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

  /// Reads all pages and rows once: what is damaged is known before anything builds on it.
  private static void check(Path file, Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA quick_check(1)")) {
      String result = row.next() ? row.getString(1) : "no result";
      if (!result.equals("ok")) {
        throw new StorageCorruptException(damaged(file, result));
      }
    }
  }

  private static String damaged(Path file, String reason) {
    return "the database " + file + " is damaged: " + reason;
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
