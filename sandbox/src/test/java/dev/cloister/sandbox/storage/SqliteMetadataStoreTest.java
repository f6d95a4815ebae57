package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract, and what is SQLite's own.
final class SqliteMetadataStoreTest extends MetadataStoreContract {
  @TempDir private Path folder;

  @Override
  JdbcMetadataStore openStore() {
    return JdbcMetadataStore.sqlite(file(), 1_000);
  }

  private Path file() {
    return folder.resolve("db");
  }

  private void run(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file())) {
      SqlDialect.run(connection, sql);
    }
  }

  @Test
  void database_ofANewerProgram_isRefused() throws SQLException {
    close();
    run("PRAGMA user_version = 99");

    assertThatThrownBy(this::openStore)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("version 99")
        .hasMessageContaining("up to " + SchemaMigrations.newest());

    run("PRAGMA user_version = " + SchemaMigrations.newest());
    open();
  }

  @Test
  void fullDatabase_undoesTheWholeChange_andTakesTheNextOneWhenThereIsSpace() {
    close();
    try (SqliteDatabase database = SqliteDatabase.open(file())) {
      // A first part that has room, and then one that has not.
      assertThatThrownBy(() ->
              database.change(session -> {
                TenantTable.put(session, tenant());
                session.query(row -> row.getInt(1), "PRAGMA max_page_count = 1");
                for (int i = 0; i < 10_000; i++) {
                  AuditTable.append(session, audit("a".repeat(1_000)), 1_000_000);
                }
                return true;
              }))
          .isInstanceOf(StorageFullException.class);
      assertThat(tenants(database)).isEmpty();

      database.change(
          session -> session.query(row -> row.getInt(1), "PRAGMA max_page_count = 1000000"));
      database.change(session -> {
        TenantTable.put(session, tenant());
        return true;
      });
      assertThat(tenants(database)).hasSize(1);
    }
    open();
  }

  private static List<TenantRecord> tenants(SqlDatabase database) {
    return database.read(session -> TenantTable.all(session, _ -> {}));
  }

  @Test
  void databaseWithADamagedPage_isRefused_andLeftAsItIs() throws IOException {
    fill();
    close();
    byte[] whole = Files.readAllBytes(file());
    byte[] damaged = whole.clone();
    // All pages but the first: whether that has all of the schema depends on its length.
    Arrays.fill(damaged, 4096, damaged.length, (byte) 0x5a);
    Files.write(file(), damaged);

    assertThatThrownBy(this::openStore)
        .isInstanceOf(StorageCorruptException.class)
        .hasMessageContaining(file().toString())
        .hasMessageMatching(".*(damaged|malformed).*");

    assertThat(Files.readAllBytes(file())).isEqualTo(damaged);
    Files.write(file(), whole);
    open();
    assertThat(store().load().versions()).hasSize(1);
  }

  @Test
  void fileThatIsNoDatabase_isRefused() throws IOException {
    close();
    Files.writeString(file(), "not a database, but long enough for a header".repeat(10));

    assertThatThrownBy(this::openStore).isInstanceOf(StorageCorruptException.class);

    Files.delete(file());
    open();
  }
}
