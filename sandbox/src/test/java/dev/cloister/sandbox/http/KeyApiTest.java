package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.Sandbox;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Keys that end, keys that get another secret, and what is told of them.
final class KeyApiTest {
  private static final String KEYS = "/v1/tenants/acme/keys";

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    server.operator().put("/v1/tenants/acme", "{}").expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private JsonNode create(String body) {
    return server.operator().post(KEYS, body).expect(201).json();
  }

  private TestClient client(JsonNode key) {
    return server.client(key.path("key").asText());
  }

  @Test
  void key_endsWhenItWasSaid() {
    JsonNode key = create("{\"role\":\"tenant-admin\",\"expiresIn\":1}");
    assertThat(Instant.parse(key.path("expiresAt").asText()))
        .isAfter(Instant.now().minusSeconds(60));

    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> client(key).get("/v1/tenants/acme").expect(401));

    JsonNode problem = client(key).get("/v1/tenants/acme").problem(401, "unauthorized");
    assertThat(problem.path("reason").asText()).isEqualTo("expired-key");
    assertThat(problem.path("expiredAt").asText()).isEqualTo(key.path("expiresAt").asText());
    JsonNode shown = server.operator().get(KEYS + "/" + key.path("id").asText()).expect(200).json();
    assertThat(shown.path("expired").asBoolean()).isTrue();
    // Expired keys are no guesses, so nobody is told to wait for them.
    for (int i = 0; i < 30; i++) {
      client(key).get("/v1/tenants/acme").problem(401, "unauthorized");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"expiresIn\":0",
        "\"expiresIn\":315360001",
        "\"expiresAt\":\"2020-01-01T00:00:00Z\"",
        "\"expiresAt\":\"tomorrow\"",
        "\"expiresAt\":\"2990-01-01T00:00:00Z\"",
        "\"expiresAt\":\"2030-01-01T00:00:00Z\",\"expiresIn\":1"
      })
  void end_thatIsNone_isRefused(String end) {
    JsonNode problem =
        server
            .operator()
            .post(KEYS, "{\"role\":\"invoker\"," + end + "}")
            .problem(400, "invalid-request");

    assertThat(problem.path("what").asText()).startsWith("expires");
  }

  @Test
  void rotatedKey_hasTwoSecretsForAWhile_alsoAfterARestart() {
    JsonNode first = create("{\"role\":\"tenant-admin\"}");
    String path = KEYS + "/" + first.path("id").asText();

    JsonNode second = client(first).post(path + "/rotate", "{}").expect(200).json();

    assertThat(second.path("id")).isEqualTo(first.path("id"));
    assertThat(second.path("key")).isNotEqualTo(first.path("key"));
    restart();
    client(first).get(path).expect(200);
    client(second).get(path).expect(200);

    JsonNode third =
        client(second).post(path + "/rotate", "{\"overlapSeconds\":0}").expect(200).json();
    client(third).get(path).expect(200);
    client(second).get(path).problem(401, "unauthorized");
    client(first).get(path).problem(401, "unauthorized");
    assertThat(client(third).get(path).json().path("replacedValidUntil").isNull()).isTrue();
    restart();
    client(third).get(path).expect(200);
    client(second).get(path).problem(401, "unauthorized");
  }

  @Test
  void rotation_ofWhatIsNotThere_orTooLong_isRefused() {
    server.operator().post(KEYS + "/none/rotate", "{}").problem(404, "not-found");
    JsonNode key = create("{\"role\":\"invoker\"}");
    server
        .operator()
        .post(KEYS + "/" + key.path("id").asText() + "/rotate", "{\"overlapSeconds\":2592001}")
        .problem(400, "invalid-request");
  }

  @Test
  void lastUse_isStillKnownAfterARestart() {
    JsonNode key = create("{\"role\":\"tenant-admin\"}");
    String path = KEYS + "/" + key.path("id").asText();
    assertThat(server.operator().get(path).json().path("lastUsedAt").isNull()).isTrue();
    client(key).get("/v1/tenants/acme").expect(200);
    assertThat(server.operator().get(path).json().path("lastUsedAt").isNull()).isFalse();

    restart();

    assertThat(server.operator().get(path).json().path("lastUsedAt").isNull()).isFalse();
  }

  @Test
  void expiredKeys_makeRoom_whereThereIsNone() {
    server.close();
    server =
        TestServer.start(
            folder,
            config ->
                config.withAuth(ConfigLoader.parse("test", "auth: {keysPerTenant: 2}").auth()));
    JsonNode shortLived = create("{\"role\":\"invoker\",\"expiresIn\":1}");
    create("{\"role\":\"invoker\"}");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> server.operator().post(KEYS, "{\"role\":\"invoker\"}").status() == 201);

    server.operator().get(KEYS + "/" + shortLived.path("id").asText()).problem(404, "not-found");
    JsonNode problem = server.operator().post(KEYS, "{\"role\":\"invoker\"}").problem(422, "limit");
    assertThat(problem.path("limit").asText()).isEqualTo("keys");
    assertThat(problem.path("allowed").asInt()).isEqualTo(2);
  }

  @Test
  void operatorKey_fromTheEnvironment_isNotReplacedHere() {
    server.operator().post("/v1/operator-key/rotate", "{}").problem(409, "conflict");
  }

  @Test
  void operatorKey_fromTheFolder_isReplaced_andTheOldOneStaysForAWhile(@TempDir Path own)
      throws IOException {
    SandboxConfig config = SandboxConfig.defaults().withDataFolder(own);
    config = config.withHttp(config.http().withPort(0));
    String first;
    String second;
    try (Sandbox sandbox = Sandbox.start(config, null)) {
      first = Files.readString(own.resolve("operator.key")).strip();
      assertThat(first).startsWith("cloister_operator_");
      second =
          TestServer.client(sandbox, first)
              .post("/v1/operator-key/rotate", "{}")
              .expect(200)
              .json()
              .path("key")
              .asText();
      TestServer.client(sandbox, first).get("/v1/tenants").expect(200);
      TestServer.client(sandbox, second).get("/v1/tenants").expect(200);
    }
    assertThat(Files.readString(own.resolve("operator.key")).strip()).isEqualTo(second);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(own.resolve("operator.key.replaced"))))
        .isEqualTo("rw-------");

    try (Sandbox sandbox = Sandbox.start(config, null)) {
      TestServer.client(sandbox, first).get("/v1/tenants").expect(200);
      TestServer.client(sandbox, second)
          .post("/v1/operator-key/rotate", "{\"overlapSeconds\":0}")
          .expect(200);
      TestServer.client(sandbox, second).get("/v1/tenants").problem(401, "unauthorized");
      TestServer.client(sandbox, first).get("/v1/tenants").problem(401, "unauthorized");
    }
  }

  private void restart() {
    server.close();
    server = TestServer.start(folder);
  }
}
