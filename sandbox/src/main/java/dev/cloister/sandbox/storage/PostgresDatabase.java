package dev.cloister.sandbox.storage;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * One owner. What a server knows of its tenants it keeps in memory, so a second server that changed
 * the same database would be answered from what is no longer true. A session-level advisory lock
 * keeps a second one out while the first runs. The lock is lost with its connection, also where the
 * server behind it still runs; therefore each owner counts the epoch in `database_owner` up, and
 * each change begins by locking that row and comparing. Changes of any number of servers thereby
 * have one order, and one that was overtaken changes nothing more.
 *
 * Commits without an answer. When the connection breaks during COMMIT, the change may or may not be
 * on disk. The transaction's number, read at its beginning, is looked up by another connection
 * (pg_xact_status) until it is known; the caller gets its answer only then.
 */

/// A PostgreSQL database, which belongs to one server at a time.
///
/// Sessions commit with `synchronous_commit=on`, whatever the role or the database says: a
/// transaction is on the server's disk when its commit returns.
final class PostgresDatabase implements SqlDatabase {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresDatabase.class);

  private static final int OLDEST_VERSION = 13;
  private static final int READ_CONNECTIONS = 4;
  private static final int WRITE_CONNECTIONS = 4;
  private static final int BLOB_CONNECTIONS = 4;
  private static final String INVALID_PARAMETER = "22023";
  private static final long OWNER_LOCK = 0x636c6f69737465L;
  private static final Duration BORROW_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration OWNER_PATIENCE = Duration.ofSeconds(10);
  private static final Duration COMMIT_PATIENCE = Duration.ofSeconds(60);
  private static final long RETRY_MILLIS = 200;
  private static final String CONNECT_TIMEOUT_SECONDS = "10";
  private static final String ANSWER_TIMEOUT_SECONDS = "60";

  /// Of each session, whatever the role, the database or the server have for a default.
  private static final String SESSION_SETTINGS =
      "SET synchronous_commit = on; SET tcp_keepalives_idle = 30;"
          + " SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";

  private final PostgresAddress address;
  private final long epoch;
  private final HikariDataSource reads;
  private final HikariDataSource writes;

  /// Apart from the others, so that nobody waits for what is large.
  private final HikariDataSource blobs;

  /// The rows in which changes leave their tokens, but for those that changes have now.
  private final BlockingQueue<Integer> slots = new LinkedBlockingQueue<>();

  /// Holds the lock for as long as it is open.
  private final Connection owner;

  /// Why nothing can be changed any more, null while all is well.
  private volatile @Nullable String brokenBy;

  private PostgresDatabase(PostgresAddress address, long epoch, Connection owner) {
    this.address = address;
    this.epoch = epoch;
    this.owner = owner;
    HikariConfig forReads = pool(address, "cloister-reads", READ_CONNECTIONS);
    forReads.setReadOnly(true);
    // All queries of a transaction see one state.
    forReads.setTransactionIsolation("TRANSACTION_REPEATABLE_READ");
    this.reads = new HikariDataSource(forReads);
    for (int slot = 1; slot <= WRITE_CONNECTIONS; slot++) {
      slots.add(slot);
    }
    this.writes = new HikariDataSource(pool(address, "cloister-writes", WRITE_CONNECTIONS));
    HikariConfig forBlobs = pool(address, "cloister-blobs", BLOB_CONNECTIONS);
    forBlobs.setTransactionIsolation("TRANSACTION_REPEATABLE_READ");
    this.blobs = new HikariDataSource(forBlobs);
  }

  /// Opens the database, becomes its owner and brings its schema up to date.
  ///
  /// @throws StorageException if the database cannot be reached, is too old or another server uses
  ///   it
  static PostgresDatabase open(PostgresAddress address) {
    try {
      Connection owner = DriverManager.getConnection(address.url(), properties(address));
      try {
        SqlDialect.run(owner, SESSION_SETTINGS);
        int version = requireVersion(address, owner);
        warnOf(owner, "fsync");
        warnOf(owner, "full_page_writes");
        awaitLock(address, owner);
        SchemaMigrations.apply(owner, SqlDialect.POSTGRESQL);
        long epoch = nextEpoch(owner);
        LOG.info("event=database-opened address={} version={} epoch={}", address, version, epoch);
        return new PostgresDatabase(address, epoch, owner);
      } catch (SQLException | RuntimeException e) {
        owner.close();
        throw e;
      }
    } catch (SQLException e) {
      throw SqlDialect.POSTGRESQL.failure("cannot open the database " + address, e);
    }
  }

  @Override
  public <T> T read(Function<SqlSession, T> work) {
    return read(reads, work);
  }

  /// Runs queries as [#read] does, for which others need not wait.
  ///
  /// @throws StorageException if the database cannot be read
  <T> T readBlob(Function<SqlSession, T> work) {
    return read(blobs, work);
  }

  private static <T> T read(HikariDataSource connections, Function<SqlSession, T> work) {
    int attempts = 1;
    while (true) {
      try {
        return readOnce(connections, work);
      } catch (StorageException e) {
        // All connections of the pool may have been cut; a read can be repeated.
        if (attempts > READ_CONNECTIONS || !isConnectionLost(e)) {
          throw e;
        }
        attempts++;
      }
    }
  }

  /// Classes 08, connection exceptions, and 57P, the server ends, of PostgreSQL's appendix A.
  private static boolean isConnectionLost(StorageException failure) {
    @Nullable String state =
        failure.getCause() instanceof SQLException cause ? cause.getSQLState() : null;
    return state != null && (state.startsWith("08") || state.startsWith("57P"));
  }

  private static <T> T readOnce(HikariDataSource connections, Function<SqlSession, T> work) {
    try (Connection connection = connections.getConnection()) {
      T value = work.apply(new SqlSession(connection, SqlDialect.POSTGRESQL));
      connection.commit();
      return value;
    } catch (SQLException e) {
      throw SqlDialect.POSTGRESQL.failure("cannot read the metadata", e);
    }
  }

  /// Runs `work` as one transaction on what no row of the metadata names: any number of threads at
  /// once, and also where another server has taken over.
  ///
  /// @param isDurable whether it waits for the disk; if not, the transaction is on disk when a
  ///   later [#change] is, unless the database fails before and the server goes on
  /// @throws StorageException if the database cannot be written
  /// @throws StorageFullException if there is no space for the change
  <T> T append(boolean isDurable, Function<SqlSession, T> work) {
    try (Connection connection = blobs.getConnection()) {
      if (!isDurable) {
        SqlDialect.run(connection, "SET LOCAL synchronous_commit = off");
      }
      T value = work.apply(new SqlSession(connection, SqlDialect.POSTGRESQL));
      connection.commit();
      return value;
    } catch (SQLException e) {
      throw SqlDialect.POSTGRESQL.failure("cannot store what is sent", e);
    }
  }

  /// Any number of threads; their transactions come one after the other.
  @Override
  public <T> T change(Function<SqlSession, T> work) {
    @Nullable String broken = brokenBy;
    if (broken != null) {
      throw new StorageException(broken);
    }
    int slot = takeSlot();
    // Closing the connection takes back what was not committed.
    try (Connection connection = writes.getConnection()) {
      Change change = begin(connection, slot);
      T value = work.apply(new SqlSession(connection, SqlDialect.POSTGRESQL));
      commit(connection, change);
      return value;
    } catch (SQLException e) {
      throw SqlDialect.POSTGRESQL.failure("cannot commit a change of the metadata", e);
    } finally {
      slots.add(slot);
    }
  }

  @Override
  public void close() {
    reads.close();
    writes.close();
    blobs.close();
    try {
      // Last: whoever comes next waits for it.
      owner.close();
    } catch (SQLException e) {
      throw SqlDialect.POSTGRESQL.failure("cannot close the database", e);
    }
  }

  /// What the URL says takes precedence over these.
  private static Properties properties(PostgresAddress address) {
    Properties properties = new Properties();
    properties.setProperty("ApplicationName", "cloister");
    properties.setProperty("connectTimeout", CONNECT_TIMEOUT_SECONDS);
    properties.setProperty("socketTimeout", ANSWER_TIMEOUT_SECONDS);
    properties.setProperty("tcpKeepAlive", "true");
    if (address.user() != null) {
      properties.setProperty("user", address.user());
    }
    if (address.password() != null) {
      properties.setProperty("password", address.password());
    }
    return properties;
  }

  private static HikariConfig pool(PostgresAddress address, String name, int connections) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setJdbcUrl(address.url());
    config.setDataSourceProperties(properties(address));
    config.setMaximumPoolSize(connections);
    config.setMinimumIdle(1);
    config.setAutoCommit(false);
    config.setConnectionTimeout(BORROW_TIMEOUT.toMillis());
    config.setConnectionInitSql(SESSION_SETTINGS);
    // The owner's connection has shown that the database can be reached.
    config.setInitializationFailTimeout(-1);
    return config;
  }

  private static int requireVersion(PostgresAddress address, Connection connection)
      throws SQLException {
    int version = connection.getMetaData().getDatabaseMajorVersion();
    if (version < OLDEST_VERSION) {
      throw new StorageException(
          address + " is PostgreSQL " + version + ", needed is " + OLDEST_VERSION + " or newer");
    }
    return version;
  }

  private static long nextEpoch(Connection connection) throws SQLException {
    SqlDialect.run(
        connection,
        """
        CREATE TABLE IF NOT EXISTS database_owner (id BIGINT PRIMARY KEY, epoch BIGINT NOT NULL);
        INSERT INTO database_owner (id, epoch) VALUES (1, 0) ON CONFLICT DO NOTHING;
        CREATE TABLE IF NOT EXISTS database_change (
          slot BIGINT PRIMARY KEY, epoch BIGINT NOT NULL, token BIGINT NOT NULL);
        INSERT INTO database_change (slot, epoch, token)
          SELECT slot, 0, 0 FROM generate_series(1, %d) AS slot ON CONFLICT DO NOTHING;
        """
            .formatted(WRITE_CONNECTIONS));
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "UPDATE database_owner SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch")) {
      if (!row.next()) {
        throw new StorageCorruptException("the table database_owner has lost its row");
      }
      return row.getLong(1);
    }
  }

  private static void warnOf(Connection connection, String setting) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + setting)) {
      if (row.next() && row.getString(1).equals("off")) {
        LOG.warn("event=database-not-durable setting={} value=off", setting);
      }
    }
  }

  private static void awaitLock(PostgresAddress address, Connection connection)
      throws SQLException {
    long deadline = System.nanoTime() + OWNER_PATIENCE.toNanos();
    // A server that was killed a moment ago may still be connected.
    while (!isLocked(connection)) {
      if (System.nanoTime() - deadline > 0) {
        throw new StorageException("another server uses the database " + address);
      }
      pause();
    }
  }

  private static boolean isLocked(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_try_advisory_lock(" + OWNER_LOCK + ")")) {
      return row.next() && row.getBoolean(1);
    }
  }

  /// A change that has begun.
  ///
  /// @param slot the row in which it leaves its token
  /// @param token what no other change leaves
  /// @param transaction the number of its transaction
  private record Change(int slot, long token, String transaction) {}

  private int takeSlot() {
    try {
      @Nullable Integer slot = slots.poll(BORROW_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (slot == null) {
        throw new StorageException("too many changes wait for the database " + address);
      }
      return slot;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    }
  }

  private Change begin(Connection connection, int slot) throws SQLException {
    String transaction = awaitTurn(connection);
    long token = ThreadLocalRandom.current().nextLong();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE database_change SET epoch = ?, token = ? WHERE slot = ?")) {
      statement.setLong(1, epoch);
      statement.setLong(2, token);
      statement.setInt(3, slot);
      if (statement.executeUpdate() != 1) {
        throw new StorageCorruptException("the table database_change has lost a row");
      }
    }
    return new Change(slot, token, transaction);
  }

  /// Waits for the changes before and returns the transaction's number.
  private String awaitTurn(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT epoch, pg_current_xact_id() FROM database_owner WHERE id = 1 FOR UPDATE")) {
      if (!row.next() || row.getLong(1) != epoch) {
        brokenBy = "another server has taken over the database " + address;
        throw new StorageException(brokenBy);
      }
      return row.getString(2);
    }
  }

  private void commit(Connection connection, Change change) throws SQLException {
    try {
      connection.commit();
    } catch (SQLException e) {
      LOG.warn("event=commit-unanswered transaction={}", change.transaction, e);
      if (!wasCommitted(change)) {
        throw e;
      }
    }
  }

  /*
   * The number of a transaction tells whether it still goes on, but not how it ended: after a crash
   * of the database a number of which nothing had reached the disk is given out again, and what has
   * it then may well have been committed.
   */

  /// Finds out what became of a commit that was not answered.
  private boolean wasCommitted(Change change) {
    long deadline = System.nanoTime() + COMMIT_PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      // Whoever writes may hold all of the other connections, and wait here, too.
      try (Connection connection = reads.getConnection()) {
        if (!isInProgress(connection, change.transaction)) {
          return hasToken(connection, change);
        }
      } catch (SQLException e) {
        LOG.warn("event=database-unreachable transaction={}", change.transaction, e);
      }
      pause();
    }
    brokenBy = "it is not known whether a change was committed; the server must be restarted";
    throw new StorageException(brokenBy);
  }

  /// In a transaction of its own, since another may not see what ends meanwhile.
  private static boolean isInProgress(Connection connection, String transaction)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT pg_xact_status(?::xid8)")) {
      statement.setString(1, transaction);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() && "in progress".equals(row.getString(1));
      } catch (SQLException e) {
        if (INVALID_PARAMETER.equals(e.getSQLState())) {
          return false; // a number that was not given out again yet
        }
        throw e;
      } finally {
        connection.rollback();
      }
    }
  }

  private boolean hasToken(Connection connection, Change change) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT epoch, token FROM database_change WHERE slot = ?")) {
      statement.setInt(1, change.slot);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next() || row.getLong(1) > epoch) {
          brokenBy = "another server has taken over the database " + address;
          throw new StorageException(brokenBy);
        }
        return row.getLong(1) == epoch && row.getLong(2) == change.token;
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    }
  }
}
