package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cloister.sandbox.fixture.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract, and what is PostgreSQL's own.
final class PostgresMetadataStoreTest extends MetadataStoreContract {
  private final PostgresAddress address =
      new PostgresAddress(PostgresServer.newDatabase(), "postgres", null);

  @Override
  JdbcMetadataStore openStore() {
    return JdbcMetadataStore.postgresql(address, 1_000);
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(address.url(), address.user(), null);
  }

  private void run(String sql) throws SQLException {
    try (Connection connection = connect()) {
      SqlDialect.run(connection, sql);
    }
  }

  @Test
  void database_ofANewerProgram_isRefused() throws SQLException {
    close();
    run("INSERT INTO schema_version (version) VALUES (99)");

    assertThatThrownBy(this::openStore)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("version 99");

    run("DELETE FROM schema_version WHERE version = 99");
    open();
  }

  @Test
  void secondServer_isRefused_whileTheFirstRuns() {
    assertThatThrownBy(this::openStore)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("another server uses the database");
    fill();
  }

  @Test
  void serverThatWasOvertaken_changesNothingMore() throws SQLException {
    fill();
    // As if its lock was lost and taken by another.
    run("UPDATE database_owner SET epoch = epoch + 1");

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() ->
              store()
                  .write(
                      transaction -> {
                        transaction.deleteTenant(tenant().name());
                        return true;
                      },
                      _ -> {
                        throw new AssertionError("committed");
                      }))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("taken over");
    }
    assertThat(store().load().tenants()).hasSize(1);
  }

  @Test
  void brokenConnections_areMadeAgain() {
    assertThat(store().load().tenants()).isEmpty();
    terminateOthers();

    assertThat(store().load().tenants()).isEmpty();
    // A connection that was used a moment ago is not looked at before it is used again.
    await().ignoreExceptionsInstanceOf(StorageException.class).until(this::isFilled);

    assertThat(store().load().tenants()).containsExactly(tenant());
  }

  private boolean isFilled() {
    fill();
    return true;
  }

  @Test
  void sessions_commitDurably_whateverTheServersDefaultIs() {
    close();
    try (PostgresDatabase database = PostgresDatabase.open(address)) {
      assertThat(database.<List<String>>read(PostgresMetadataStoreTest::commitMode))
          .containsExactly("on");
      assertThat(database.<List<String>>change(PostgresMetadataStoreTest::commitMode))
          .containsExactly("on");
    }
    open();
  }

  private static List<String> commitMode(SqlSession session) {
    return session.query(row -> row.getString(1), "SHOW synchronous_commit");
  }

  @Test
  void connectionLostInATransaction_changesNothing() {
    assertThatThrownBy(() ->
            store()
                .write(
                    transaction -> {
                      transaction.putTenant(tenant());
                      terminateOthers();
                      return true;
                    },
                    _ -> {
                      throw new AssertionError("committed");
                    }))
        .isInstanceOf(StorageException.class);

    await()
        .ignoreExceptionsInstanceOf(StorageException.class)
        .until(() -> store().load().tenants().isEmpty());
    await().ignoreExceptionsInstanceOf(StorageException.class).until(this::isFilled);
    assertThat(store().load().tenants()).hasSize(1);
  }

  private void terminateOthers() {
    try (Connection connection = connect()) {
      SqlDialect.number(
          connection,
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
              + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void databaseThatCannotBeReached_isSaidWithItsAddress_andWithoutThePassword() {
    PostgresAddress nowhere =
        new PostgresAddress(
            "jdbc:postgresql://127.0.0.1:1/cloister?password=hidden", "me", "secret");

    assertThatThrownBy(() -> JdbcMetadataStore.postgresql(nowhere, 1_000))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("127.0.0.1:1/cloister as me")
        .hasMessageNotContaining("secret")
        .hasMessageNotContaining("hidden");
  }

  @Test
  void schema_isThatOfSqlite(@TempDir Path folder) throws SQLException {
    JdbcMetadataStore.sqlite(folder.resolve("db"), 1_000).close();
    Map<String, String> inSqlite;
    try (Connection connection =
        DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("db"))) {
      inSqlite =
          columns(
              connection,
              SqlDialect.SQLITE,
              """
              SELECT t.name || '.' || c.name, c.type, c."notnull" OR c.pk > 0
                FROM sqlite_schema t, pragma_table_info(t.name) c
                WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
              """);
    }
    Map<String, String> inPostgres;
    try (Connection connection = connect()) {
      inPostgres =
          columns(
              connection,
              SqlDialect.POSTGRESQL,
              """
              SELECT table_name || '.' || column_name,
                  CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'bytea' THEN 'BLOB'
                    ELSE upper(data_type) END,
                  CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END
                FROM information_schema.columns
                WHERE table_schema = 'public'
                  AND table_name NOT IN ('schema_version', 'database_owner', 'database_change')
              """);
    }

    assertThat(inPostgres).isEqualTo(inSqlite).isNotEmpty();
  }

  private static Map<String, String> columns(
      Connection connection, SqlDialect dialect, String sql) {
    Map<String, String> columns = new TreeMap<>();
    List<String> names =
        new SqlSession(connection, dialect)
            .query(
                row -> {
                  columns.put(row.getString(1), row.getString(2) + " " + row.getInt(3));
                  return row.getString(1);
                },
                sql);
    assertThat(names).doesNotHaveDuplicates();
    return columns;
  }
}
