package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is damaged on disk is found, said and kept apart; the rest works.
final class DamageTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";
  private static final String OTHER = "/v1/tenants/globex/plugins/math";
  private static final String KEYS = "/v1/tenants/acme/kv/";
  private static final String SUM = "{\"args\":[2,40]}";

  @TempDir private Path parent;

  private Path folder() {
    return parent.resolve("data");
  }

  /// Makes two tenants with a plugin each and returns the versions.
  private String[] fill() {
    try (TestServer server = TestServer.start(folder())) {
      TestClient operator = server.operator();
      operator.put("/v1/tenants/acme", "{}").expect(201);
      operator.put("/v1/tenants/globex", "{}").expect(201);
      return new String[] {upload(operator, MATH, "1"), upload(operator, OTHER, "2")};
    }
  }

  private static String upload(TestClient client, String path, String tag) {
    return client.upload(path, Modules.arithmetic(tag)).expect(201).json().path("version").asText();
  }

  private Path blob(String version) {
    String hex = version.substring("sha256:".length());
    return folder().resolve("blobs/sha256").resolve(hex.substring(0, 2)).resolve(hex);
  }

  private static void damage(Path file, String how) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    switch (how) {
      case "flipped" -> {
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
      }
      case "truncated" -> {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
          open.setLength(bytes.length / 2);
        }
      }
      default -> Files.delete(file);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flipped", "truncated", "deleted"})
  void damagedModule_isAnError_untilItIsUploadedAgain(String how) throws IOException {
    String version = fill()[0];
    damage(blob(version), how);

    try (TestServer server = TestServer.start(folder())) {
      TestClient operator = server.operator();
      await().until(() -> operator.get("/readyz").status() == 200);
      JsonNode problem = operator.post(MATH + "/call/add", SUM).problem(500, "damaged");
      assertThat(problem.path("name").asText()).isEqualTo(version);
      operator
          .with("Accept", "application/wasm")
          .get(MATH + "/versions/" + version)
          .problem(500, "damaged");
      assertThat(operator.get("/metrics").text()).contains("\ncloister_storage_damaged_blobs 1");
      operator.get(MATH).expect(200);
      operator.post(OTHER + "/call/add", SUM).expect(200);

      operator.upload(MATH, Modules.arithmetic("1")).expect(200);

      operator.post(MATH + "/call/add", SUM).expect(200);
      assertThat(operator.get("/metrics").text()).contains("\ncloister_storage_damaged_blobs 0");
    }
    assertThat(Files.readAllBytes(blob(version))).isEqualTo(Modules.arithmetic("1"));
  }

  private void run(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder().resolve("cloister.db"));
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE version SET digest = 'no digest' WHERE tenant = 'acme'",
        "UPDATE plugin SET settings = '{' WHERE tenant = 'acme'",
        "UPDATE tenant SET state = 'NO STATE' WHERE name = 'acme'",
        "UPDATE alias_target SET alias = '' WHERE tenant = 'acme'",
        "DELETE FROM version WHERE tenant = 'acme'"
      })
  void tenantWithADamagedRow_isNotServed_andTheOthersAre(String damage) throws Exception {
    String[] versions = fill();
    run(damage);

    try (TestServer server = TestServer.start(folder())) {
      TestClient operator = server.operator();
      JsonNode problem = operator.post(MATH + "/call/add", SUM).problem(500, "damaged");
      assertThat(problem.path("kind").asText()).isEqualTo("tenant");
      assertThat(problem.path("name").asText()).isEqualTo("acme");
      operator.put("/v1/tenants/acme", "{}").problem(500, "damaged");
      operator.upload(MATH, Modules.arithmetic("3")).problem(500, "damaged");
      assertThat(operator.get("/metrics").text())
          .containsPattern("\ncloister_storage_damaged_rows [1-9]");
      operator.post(OTHER + "/call/add", SUM).expect(200);
      // Nothing that the row may have named is taken for garbage.
      assertThat(blob(versions[0])).exists();

      operator.delete("/v1/tenants/acme").expect(204);

      operator.get("/v1/tenants/acme").problem(404, "not-found");
      operator.put("/v1/tenants/acme", "{}").expect(201);
      operator.upload(MATH, Modules.arithmetic("3")).expect(201);
    }
    try (TestServer server = TestServer.start(folder())) {
      server.operator().post(MATH + "/call/add", SUM).expect(200);
      assertThat(blob(versions[0])).doesNotExist();
      assertThat(blob(versions[1])).exists();
    }
  }

  @Test
  void damagedValue_isAnError_untilItIsSetAgain() throws Exception {
    fill();
    try (TestServer server = TestServer.start(folder())) {
      server.operator().put(KEYS + "a", "one").expect(201);
      server.operator().put(KEYS + "b", "two").expect(201);
    }
    run("UPDATE kv_entry SET value = x'6f6e66' WHERE name = 'a'");

    try (TestServer server = TestServer.start(folder())) {
      TestClient operator = server.operator();
      JsonNode problem = operator.get(KEYS + "a").problem(500, "damaged");
      assertThat(problem.path("kind").asText()).isEqualTo("key-value");
      operator.get("/v1/tenants/acme/export").problem(500, "damaged");
      assertThat(operator.get(KEYS + "b").expect(200).text()).isEqualTo("two");

      operator.put(KEYS + "a", "three").expect(204);

      assertThat(operator.get(KEYS + "a").expect(200).text()).isEqualTo("three");
      operator.get("/v1/tenants/acme/export").expect(200);
    }
  }

  @Test
  void databaseThatIsDamagedMeanwhile_isAnErrorWhereItIsRead_andCallsGoOn() throws Exception {
    fill();
    try (TestServer server = TestServer.start(folder())) {
      server.operator().put(KEYS + "large", "x".repeat(500_000)).expect(201);
    }
    try (TestServer server = TestServer.start(folder())) {
      TestClient operator = server.operator();
      await().until(() -> operator.get("/readyz").status() == 200);
      try (RandomAccessFile file =
          new RandomAccessFile(folder().resolve("cloister.db").toFile(), "rw")) {
        // The value's last pages: each names the one that follows.
        for (long page = file.length() / 4096 - 20; page < file.length() / 4096; page++) {
          file.seek(page * 4096);
          file.write(new byte[100]);
        }
      }

      JsonNode problem = operator.get(KEYS + "large").problem(500, "damaged");

      assertThat(problem.path("kind").asText()).isEqualTo("key-value");
      operator.post(MATH + "/call/add", SUM).expect(200);
      operator.post(OTHER + "/call/add", SUM).expect(200);
    }
  }

  @Test
  void damagedDatabase_endsTheStart_withAReason() throws Exception {
    fill();
    try (RandomAccessFile file =
        new RandomAccessFile(folder().resolve("cloister.db").toFile(), "rw")) {
      for (long page = 1; page < file.length() / 4096; page++) {
        file.seek(page * 4096);
        file.write(new byte[100]);
      }
    }

    Process process = ServerProcess.launch(folder());

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(ServerProcess.log(folder()))
        .contains("cloister.db is damaged: ")
        .doesNotContain("\tat ");
  }
}
