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
  void databaseWithADamagedPage_isRefused_andLeftAsItIs() throws IOException {
    fill();
    close();
    byte[] whole = Files.readAllBytes(file());
    byte[] damaged = whole.clone();
    // All pages but the first, which has the schema.
    Arrays.fill(damaged, 4096, damaged.length, (byte) 0x5a);
    Files.write(file(), damaged);

    assertThatThrownBy(this::openStore)
        .isInstanceOf(StorageCorruptException.class)
        .hasMessageContaining(file().toString())
        .hasMessageContaining("damaged");

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
