package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Signing in with a key, and what a cookie may do.
final class SessionApiTest {
  private TestServer server;
  private TestClient anybody;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    anybody = server.client(null);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Reply signIn(String key) {
    return anybody.post("/v1/session", "{\"key\":\"" + key + "\"}");
  }

  private TestClient browser(Reply signedIn) {
    String cookie = signedIn.header("set-cookie");
    return anybody.with("Cookie", cookie.substring(0, cookie.indexOf(';')));
  }

  @Test
  void signIn_withTheRightKey_setsACookieThatScriptsCannotRead() {
    Reply reply = signIn(TestServer.OPERATOR_KEY).expect(200);

    assertThat(reply.header("set-cookie"))
        .startsWith("cloister_session=")
        .contains("HttpOnly", "SameSite=Strict", "Path=/")
        .doesNotContain(TestServer.OPERATOR_KEY);
    JsonNode session = browser(reply).get("/v1/session").expect(200).json();
    assertThat(session.path("signedIn").asBoolean()).isTrue();
    assertThat(session.path("role").asText()).isEqualTo("operator");
    assertThat(session.path("tenant").isNull()).isTrue();
    browser(reply).get("/v1/tenants").expect(200);
  }

  @Test
  void signIn_withAWrongKey_is401_andThrottledInTheEnd() {
    signIn("cl_operator_" + "0".repeat(64)).problem(401, "unauthorized");
    anybody.post("/v1/session", "{}").problem(401, "unauthorized");
    for (int i = 0; i < 25; i++) {
      signIn("wrong");
    }

    signIn("wrong").problem(429, "rate-limited");
    signIn(TestServer.OPERATOR_KEY).expect(200);
  }

  @Test
  void session_ofNobody_isNoError() {
    JsonNode session = anybody.get("/v1/session").expect(200).json();

    assertThat(session.toString()).isEqualTo("{\"signedIn\":false}");
    anybody.with("Cookie", "cloister_session=x").get("/v1/tenants").problem(401, "unauthorized");
  }

  @Test
  void changeByCookie_needsTheConsolesHeader() {
    TestClient browser = browser(signIn(TestServer.OPERATOR_KEY));

    browser.put("/v1/tenants/acme", "{}").problem(403, "cross-site");
    server.operator().get("/v1/tenants/acme").problem(404, "not-found");

    browser.with("Cloister-Console", "1").put("/v1/tenants/acme", "{}").expect(201);
  }

  @Test
  void signOut_endsTheSession() {
    TestClient browser = browser(signIn(TestServer.OPERATOR_KEY));
    browser.delete("/v1/session").problem(403, "cross-site");

    Reply reply = browser.with("Cloister-Console", "1").delete("/v1/session").expect(204);

    assertThat(reply.header("set-cookie")).contains("Max-Age=0");
    browser.get("/v1/tenants").problem(401, "unauthorized");
  }

  @Test
  void session_endsWithItsKey() {
    server.operator().put("/v1/tenants/acme", "{}").expect(201);
    JsonNode key =
        server
            .operator()
            .post("/v1/tenants/acme/keys", "{\"role\":\"tenant-admin\"}")
            .expect(201)
            .json();
    TestClient browser = browser(signIn(key.path("key").asText()));
    browser.get("/v1/tenants/acme").expect(200);

    server.operator().delete("/v1/tenants/acme/keys/" + key.path("id").asText()).expect(204);

    browser.get("/v1/tenants/acme").problem(401, "unauthorized");
  }
}
