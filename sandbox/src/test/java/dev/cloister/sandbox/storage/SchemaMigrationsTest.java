package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.PostgresServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A database of every older version keeps all its rows when this program opens it.
final class SchemaMigrationsTest {
  private static final TenantName ACME = new TenantName("acme");
  private static final PluginName MATH = new PluginName("math");
  private static final BlobDigest FIRST =
      new BlobDigest("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  private static final BlobDigest SECOND =
      new BlobDigest("486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7");

  /// The steps that were released, by their digests: one that is changed would never reach the
  /// databases that have seen it.
  private static final Map<String, String> RELEASED =
      Map.of(
          "0001-initial.sql",
          "sha256:104e7b74d1c685d0016c393afc717ed09be8eb6747e47bb06c0849fa676b00ea");

  @TempDir private Path folder;

  static Stream<Integer> olderVersions() {
    return IntStream.range(1, SchemaMigrations.newest()).boxed();
  }

  private static String text(String resource) {
    try (InputStream in = SchemaMigrationsTest.class.getResourceAsStream(resource)) {
      byte[] bytes = Objects.requireNonNull(in, resource).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(resource, e);
    }
  }

  /// Makes a database with rows as the program of that version left it.
  private static void fill(Connection connection, SqlDialect dialect, int version)
      throws SQLException {
    SchemaMigrations.apply(connection, dialect, 1);
    SqlDialect.run(connection, text("rows-of-0001.sql"));
    SchemaMigrations.apply(connection, dialect, version);
  }

  @ParameterizedTest
  @MethodSource("olderVersions")
  void sqliteOfAnOlderVersion_keepsItsRows(int version) throws SQLException {
    Path file = folder.resolve("db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
      fill(connection, SqlDialect.SQLITE, version);
    }
    try (JdbcMetadataStore store = JdbcMetadataStore.sqlite(file, 1_000)) {
      check(store);
    }
  }

  @ParameterizedTest
  @MethodSource("olderVersions")
  void postgresqlOfAnOlderVersion_keepsItsRows(int version) throws SQLException {
    PostgresAddress address = new PostgresAddress(PostgresServer.newDatabase(), "postgres", null);
    try (Connection connection = DriverManager.getConnection(address.url(), address.user(), null)) {
      fill(connection, SqlDialect.POSTGRESQL, version);
    }
    try (JdbcMetadataStore store = JdbcMetadataStore.postgresql(address, 1_000)) {
      check(store);
    }
  }

  private static void check(JdbcMetadataStore store) {
    MetadataSnapshot snapshot = store.load();
    assertThat(snapshot.damaged()).isEmpty();
    assertThat(snapshot.tenants())
        .containsExactly(
            new TenantRecord(ACME, TenantState.ACTIVE, Map.of("plugins", 7L), time(1)),
            new TenantRecord(new TenantName("globex"), TenantState.SUSPENDED, Map.of(), time(2)));
    assertThat(snapshot.keys())
        .containsExactly(KeyRecord.create("k1", ACME, Role.TENANT_ADMIN, "00ff", time(3), null));
    assertThat(snapshot.plugins())
        .containsExactly(new PluginRecord(ACME, MATH, "{\"environment\":{\"A\":\"1\"}}", time(4)));
    assertThat(snapshot.versions())
        .containsExactly(
            new VersionRecord(ACME, MATH, FIRST, 5, "plain", "wasm://wasm/2cf24dba", time(5)),
            new VersionRecord(ACME, MATH, SECOND, 6, "plain", "wasm://wasm/486ea462", time(6)));
    List<AliasTarget> targets = List.of(new AliasTarget(FIRST, 90), new AliasTarget(SECOND, 10));
    assertThat(snapshot.aliases())
        .containsExactly(new AliasRecord(ACME, MATH, AliasName.LIVE, targets));
    assertThat(store.audit(new AuditFilter(null, null, Long.MAX_VALUE, 10)))
        .extracting(AuditRecord::action)
        .containsExactly("tenant.create");
    // What the alias named before the program knew of changes can be gone back to.
    store.write(
        transaction -> {
          transaction.putAlias(
              new AliasRecord(ACME, MATH, AliasName.LIVE, List.of(new AliasTarget(SECOND, 1))),
              time(8));
          return true;
        },
        _ -> {});
    assertThat(store.aliasChanges(ACME, MATH, AliasName.LIVE))
        .extracting(AliasChange::targets)
        .containsExactly(List.of(new AliasTarget(SECOND, 1)), targets);
  }

  private static Instant time(int number) {
    return Instant.ofEpochMilli(1_700_000_000_000L + number);
  }

  @Test
  void releasedSteps_neverChange() {
    RELEASED.forEach((step, digest) ->
        assertThat(BlobDigest.of(text(step).getBytes(StandardCharsets.UTF_8)).toString())
            .as(step)
            .isEqualTo(digest));
  }
}
