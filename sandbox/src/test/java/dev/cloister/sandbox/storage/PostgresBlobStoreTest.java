package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.fixture.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract, and what is PostgreSQL's own.
final class PostgresBlobStoreTest extends BlobStoreContract {
  private final PostgresAddress address =
      new PostgresAddress(PostgresServer.newDatabase(), "postgres", null);
  private final PostgresDatabase database = PostgresDatabase.open(address);

  @AfterEach
  void close() {
    database.close();
  }

  @Override
  BlobStore openStore() {
    return PostgresBlobStore.open(database, health, Clock.systemUTC());
  }

  @Override
  int keptContents() {
    return count("blob_content");
  }

  private int count(String table) {
    return database
        .read(session -> session.query(row -> row.getInt(1), "SELECT count(*) FROM " + table))
        .getFirst();
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(address.url(), address.user(), null);
  }

  private void run(String sql) throws SQLException {
    try (Connection connection = connect()) {
      SqlDialect.run(connection, sql);
    }
  }

  @Override
  void damage(BlobDigest digest, byte[] bytes) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                """
                WITH gone AS (
                  DELETE FROM blob_chunk WHERE position > 0
                    AND content = (SELECT content FROM blob WHERE digest = ?))
                UPDATE blob_chunk SET bytes = ? WHERE position = 0
                  AND content = (SELECT content FROM blob WHERE digest = ?)
                """)) {
      statement.setString(1, digest.hex());
      statement.setBytes(2, bytes);
      statement.setString(3, digest.hex());
      assertThat(statement.executeUpdate()).isEqualTo(1);
    }
  }

  @Test
  void chunkThatIsGoneInTheMiddle_isDamage() throws Exception {
    BlobDigest digest = write(randomBytes(300_000));
    run("UPDATE blob_chunk SET position = 7 WHERE position = " + PostgresBlobStore.CHUNK_BYTES);

    assertThatThrownBy(() -> store().read(digest))
        .isInstanceOf(CorruptBlobException.class)
        .hasMessageContaining("no bytes from " + PostgresBlobStore.CHUNK_BYTES);
    assertThat(health.damagedBlobs()).isEqualTo(1);
  }

  @Test
  void chunkThatTheDatabaseLost_beforeTheCommit_refusesIt() throws Exception {
    byte[] bytes = randomBytes(300_000);
    try (BlobWriter writer = store().begin()) {
      writer.write(bytes, 0, bytes.length);
      run("DELETE FROM blob_chunk WHERE position = " + PostgresBlobStore.CHUNK_BYTES);

      assertThatThrownBy(writer::commit)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(
              "has " + (300_000 - PostgresBlobStore.CHUNK_BYTES) + " of the 300000 bytes");
    }
    assertThat(count("blob")).isZero();
    assertThat(count("blob_content")).isZero();
  }

  @Test
  void removedBlob_leavesNoChunks() throws IOException {
    BlobDigest digest = write(randomBytes(300_000));
    assertThat(count("blob_chunk")).isEqualTo(3);

    assertThat(store().delete(digest)).isTrue();

    assertThat(count("blob_chunk")).isZero();
    assertThat(count("blob")).isZero();
  }

  @Test
  void serverThatWasOvertaken_namesAndRemovesNothing() throws Exception {
    BlobDigest digest = write(HELLO);
    run("UPDATE database_owner SET epoch = epoch + 1");

    assertThatThrownBy(() -> write(randomBytes(10)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("taken over");
    assertThatThrownBy(() -> store().delete(digest)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> store().collect(_ -> false)).isInstanceOf(IOException.class);

    assertThat(store().read(digest)).isEqualTo(HELLO);
    assertThat(keptContents()).isEqualTo(1);
  }

  @Test
  void blobsOfTheDataFolder_areTakenOver(@TempDir Path folder) throws Exception {
    StorageHealth damage = new StorageHealth();
    byte[] module = randomBytes(300_000);
    BlobDigest digest = BlobDigest.of(module);
    byte[] unnamed = randomBytes(10);
    try (DataFolder data = DataFolder.open(folder)) {
      FileBlobStore files = FileBlobStore.open(data.blobs(), damage);
      for (byte[] bytes : new byte[][] {module, unnamed}) {
        try (BlobWriter writer = files.begin()) {
          writer.write(bytes, 0, bytes.length);
          writer.commit();
        }
      }
      String url = PostgresServer.newDatabase();
      PostgresAddress other = new PostgresAddress(url, "postgres", null);
      try (JdbcMetadataStore before = JdbcMetadataStore.postgresql(other, 1_000)) {
        before.write(
            transaction -> {
              TenantName acme = new TenantName("acme");
              PluginName math = new PluginName("math");
              Instant now = Instant.EPOCH;
              transaction.putTenant(MetadataStoreContract.tenant());
              transaction.putPlugin(new PluginRecord(acme, math, "{}", now));
              transaction.insertVersion(
                  new VersionRecord(acme, math, digest, module.length, "plain", "x", now), "{}");
              return true;
            },
            _ -> {});
      }

      for (int i = 0; i < 2; i++) {
        try (Storage storage =
            Storage.inPostgresql(other, data, 1_000, damage, Clock.systemUTC())) {
          assertThat(storage.blobs().read(digest)).isEqualTo(module);
          assertThatThrownBy(() -> storage.blobs().read(BlobDigest.of(unnamed)))
              .isInstanceOf(CorruptBlobException.class)
              .hasMessageContaining("is missing");
        }
        // The folder is not needed any more.
        assertThat(files.delete(digest)).isEqualTo(i == 0);
      }
    }
  }
}
