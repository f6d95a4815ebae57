package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.config.ClusterConfig;
import dev.cloister.sandbox.config.DatabaseConfig;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.PostgresServer;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server on PostgreSQL: what it acknowledged is in the database.
final class DatabaseServerTest {
  private static final String ACME = "/v1/tenants/acme";
  private static final String MATH = ACME + "/plugins/math";
  private static final String SUM = "{\"args\":[2,40]}";

  @TempDir private Path parent;
  private final String url = PostgresServer.newDatabase();

  private TestServer start(Path folder) {
    return TestServer.start(
        folder,
        config -> config.withCluster(new ClusterConfig(new DatabaseConfig(url, "postgres", ""))));
  }

  private static byte[] module() {
    return Modules.arithmetic("x".repeat(300_000));
  }

  /// Returns the version.
  private String fill(Path folder) {
    try (TestServer server = start(folder)) {
      TestClient operator = server.operator();
      operator.put(ACME, "{\"limits\":{\"plugins\":7}}").expect(201);
      operator.put(ACME + "/kv/greeting", "hello").expect(201);
      operator.put(ACME + "/secrets", "{\"token\":\"hidden\"}").expect(200);
      return operator.upload(MATH, module()).expect(201).json().path("version").asText();
    }
  }

  @Test
  void anotherMachine_hasEverything_butForTheKeys() throws IOException {
    String version = fill(parent.resolve("first"));
    assertThat(parent.resolve("first/blobs")).doesNotExist();
    assertThat(parent.resolve("first/cloister.db")).doesNotExist();

    try (TestServer server = start(parent.resolve("second"))) {
      TestClient operator = server.operator();
      operator.post(MATH + "/call/add", SUM).expect(200);
      assertThat(
              operator.with("Accept", "application/wasm").get(MATH + "/versions/" + version).body())
          .isEqualTo(module());
      assertThat(operator.get(ACME + "/kv/greeting").text()).isEqualTo("hello");
      assertThat(operator.get(ACME + "/limits").json().at("/set/plugins").asInt()).isEqualTo(7);
      assertThat(operator.get(ACME + "/secrets").text()).contains("token");
      operator.delete(MATH).expect(204);
    }
    assertThat(count("blob")).isZero();
    assertThat(count("blob_chunk")).isZero();
    try (Stream<Path> files = Files.list(parent.resolve("second"))) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .isSubsetOf(List.of("lock", "secrets.key", "code", "archives", "probe"));
    }
  }

  @Test
  void damagedModule_isAnError_untilItIsUploadedAgain() {
    String version = fill(parent.resolve("data"));
    run("UPDATE blob_chunk SET bytes = substr(bytes, 1, 99) WHERE position > 0");

    try (TestServer server = start(parent.resolve("data"))) {
      TestClient operator = server.operator();
      operator.upload(ACME + "/plugins/other", Modules.arithmetic("other")).expect(201);
      assertThat(
              operator
                  .with("Accept", "application/wasm")
                  .get(MATH + "/versions/" + version)
                  .problem(500, "damaged")
                  .path("name")
                  .asText())
          .isEqualTo(version);
      assertThat(operator.get("/metrics").text()).contains("\ncloister_storage_damaged_blobs 1");
      operator.post(ACME + "/plugins/other/call/add", SUM).expect(200);

      operator.upload(MATH, module()).expect(200);

      operator.post(MATH + "/call/add", SUM).expect(200);
      assertThat(operator.get("/metrics").text()).contains("\ncloister_storage_damaged_blobs 0");
    }
    assertThat(count("blob_content")).isEqualTo(2);
  }

  private int count(String table) {
    try (Connection connection = DriverManager.getConnection(url, "postgres", null);
        Statement statement = connection.createStatement();
        var row = statement.executeQuery("SELECT count(*) FROM " + table)) {
      assertThat(row.next()).isTrue();
      return row.getInt(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void run(String sql) {
    try (Connection connection = DriverManager.getConnection(url, "postgres", null);
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
