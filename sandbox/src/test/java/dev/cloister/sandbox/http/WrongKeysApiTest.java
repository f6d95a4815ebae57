package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Wrong keys are told from none, recorded with where they came from, and slowed down.
final class WrongKeysApiTest {
  private static final String WRONG = "cloister_0123456789abcdef_" + "0".repeat(64);

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() {
    server =
        TestServer.start(
            folder,
            config ->
                config.withAuth(
                    ConfigLoader.parse(
                            "test", "auth: {maxFailures: 5, trustedProxies: [127.0.0.0/8, '::1']}")
                        .auth()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private TestClient from(String address, String key) {
    return server.client(key).with("X-Forwarded-For", address);
  }

  @Test
  void wrongKey_isToldFromNone() {
    Reply none = server.client(null).get("/v1/tenants");
    assertThat(none.problem(401, "unauthorized").has("reason")).isFalse();
    assertThat(none.header("www-authenticate")).isEqualTo("Bearer realm=\"cloister\"");

    Reply wrong = server.client(WRONG).get("/v1/tenants");
    assertThat(wrong.problem(401, "unauthorized").path("reason").asText()).isEqualTo("invalid-key");
    assertThat(wrong.header("www-authenticate")).contains("error=\"invalid_token\"");
  }

  @Test
  void tooManyWrongKeys_areToldToWait_andNobodyElseIs() {
    for (int i = 0; i < 5; i++) {
      from("203.0.113.1", "wrong " + i).get("/v1/tenants").problem(401, "unauthorized");
    }

    Reply reply = from("203.0.113.1", WRONG).get("/v1/tenants");
    JsonNode problem = reply.problem(429, "rate-limited");
    assertThat(problem.path("limit").asText()).isEqualTo("failures");
    assertThat(Integer.parseInt(reply.header("retry-after"))).isBetween(1, 11);
    assertThat(problem.path("retryAfterSeconds").asText()).isEqualTo(reply.header("retry-after"));

    from("203.0.113.2", WRONG).get("/v1/tenants").problem(401, "unauthorized");
    from("203.0.113.1", TestServer.OPERATOR_KEY).get("/v1/tenants").expect(200);
    assertThat(server.operator().get("/metrics").text())
        .contains("cloister_auth_failures_total 7\n")
        .contains("cloister_auth_damped_total 1\n");
  }

  @Test
  void refusal_isInTheAuditLog_withItsAddress_withoutTheKey() {
    from("203.0.113.1", WRONG).get("/v1/tenants/acme").problem(401, "unauthorized");
    from("203.0.113.2", "")
        .post("/v1/session", "{\"key\":\"" + WRONG + "\"}")
        .problem(401, "unauthorized");

    TestClient operator = server.operator().with("Accept", "application/json");
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(operator.get("/v1/events").json().path("items")).hasSize(2));
    String text = operator.get("/v1/events").text();
    assertThat(text)
        .contains("\"action\":\"key.refused\"", "\"action\":\"session.refused\"")
        .contains("\"remote\":\"203.0.113.1\"", "\"remote\":\"203.0.113.2\"")
        .contains("\"target\":\"0123456789abcdef\"", "\"outcome\":\"refused\"")
        .doesNotContain("0".repeat(64));
  }
}
