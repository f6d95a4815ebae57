package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Plugins as HTTP handlers, with the example `pages`.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HandlerApiTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";
  private static final String PAGES = PLUGINS + "pages/http";

  private TestServer server;
  private TestClient client;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    client = server.tenant("acme", "tenant-admin");
    client.upload(PLUGINS + "pages", pages()).expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void page_isAnsweredWithItsOwnFields() {
    Reply reply = client.get(PAGES + "/?World").expect(200);

    assertThat(reply.text()).isEqualTo("<p>Hello, World</p>\n");
    assertThat(reply.header("content-type")).isEqualTo("text/html; charset=utf-8");
    assertThat(reply.header("cache-control")).isEqualTo("max-age=60");
    assertThat(reply.header("content-security-policy")).isEqualTo("sandbox");
    assertThat(reply.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(reply.header("cloister-version")).startsWith("sha256:");
    assertThat(reply.header("cloister-instance")).isEqualTo("fresh");
    assertThat(reply.header("server-timing")).contains("exec;dur=");
  }

  @Test
  void pathWithoutASlash_isTheHandlersRoot() {
    assertThat(client.get(PAGES + "?World").expect(200).text()).isEqualTo("<p>Hello, World</p>\n");
    client
        .with("Authorization", "Bearer nobody")
        .get(PAGES + "?World")
        .problem(401, "unauthorized");
  }

  @Test
  void everythingOfTheRequest_reachesTheHandler() {
    String trace = "0af7651916cd43dd8448eb211c80319c";
    Reply reply =
        client
            .with("X-Custom", "value")
            .with("Cookie", "cloister_other=1")
            .with("traceparent", "00-" + trace + "-b7ad6b7169203331-01")
            .send(
                "PATCH",
                PAGES + "/request?a=1&b%20c",
                BodyPublishers.ofString("the body"),
                "text/csv")
            .expect(200);

    List<String> lines = reply.text().lines().toList();
    assertThat(lines)
        .contains(
            "argument " + PAGES,
            "argument a=1",
            "argument b%20c",
            "REQUEST_METHOD=PATCH",
            "PATH_INFO=/request",
            "QUERY_STRING=a=1&b%20c",
            "SCRIPT_NAME=" + PAGES,
            "CONTENT_TYPE=text/csv",
            "CONTENT_LENGTH=8",
            "HTTP_X_CUSTOM=value",
            "SERVER_NAME=127.0.0.1")
        .endsWith("", "the body");
    assertThat(reply.text())
        .contains("TRACEPARENT=00-" + trace)
        .contains("REMOTE_USER=key:")
        .doesNotContain("HTTP_AUTHORIZATION")
        .doesNotContain("HTTP_COOKIE");
  }

  @Test
  void statusAndLocation_areTheHandlers() {
    assertThat(client.get(PAGES + "/teapot").expect(418).text()).isEqualTo("short and stout\n");
    assertThat(client.get(PAGES + "/nowhere").expect(404).text()).isEqualTo("no such page\n");
    assertThat(client.get(PAGES + "/move").expect(302).header("location")).isEqualTo("/healthz");
  }

  @Test
  void head_hasTheFieldsAlone() {
    Reply reply = client.send("HEAD", PAGES + "/?W", BodyPublishers.noBody(), null).expect(200);

    assertThat(reply.body()).isEmpty();
    assertThat(reply.header("content-length")).isEqualTo("16");
  }

  @Test
  void everyMethod_isTaken() {
    for (String method : List.of("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW")) {
      Reply reply = client.send(method, PAGES + "/request", BodyPublishers.noBody(), null);
      assertThat(reply.expect(200).text()).contains("REQUEST_METHOD=" + method);
    }
  }

  @Test
  void whatIsNoAnswer_isABadGateway() {
    JsonNode problem = repeat("no header").problem(502, "invalid-answer");

    assertThat(problem.path("where").asText()).isEqualTo("line 1");
    assertThat(problem.path("actual").asText()).isEqualTo("no header");
    assertThat(problem.path("allowed").asText()).isNotEmpty();
    repeat("").problem(502, "invalid-answer");
    repeat("status: 700\n\n").problem(502, "invalid-answer");
  }

  @Test
  void largeBodies_passBothWays() {
    String page = "content-type: text/plain\n\n" + "x".repeat(1 << 20);

    assertThat(repeat(page).expect(200).body()).hasSize(1 << 20);
  }

  @Test
  void limitsOfBodies_haveTheirProblems() {
    TestClient small = server.tenant("small", "tenant-admin");
    server
        .operator()
        .put("/v1/tenants/small/limits", "{\"limits\":{\"requestBytes\":1000}}")
        .expect(200);
    small.upload("/v1/tenants/small/plugins/pages", pages()).expect(201);
    String path = "/v1/tenants/small/plugins/pages/http/repeat";

    JsonNode tooLarge = small.post(path, new byte[1001]).problem(413, "request-too-large");
    assertThat(tooLarge.path("limit").asText()).isEqualTo("requestBytes");

    server
        .operator()
        .put("/v1/tenants/small/limits", "{\"limits\":{\"responseBytes\":100}}")
        .expect(200);
    byte[] page = ("content-type: a/b\n\n" + "x".repeat(100)).getBytes(StandardCharsets.UTF_8);
    JsonNode limit = small.post(path, page).problem(422, "limit");
    assertThat(limit.path("limit").asText()).isEqualTo("responseBytes");
  }

  @Test
  void exitCodeOfAHandler_isAProblem_andItsErrorsAreLogged() {
    JsonNode problem = client.get(PAGES + "/fail").problem(422, "plugin-exit");

    assertThat(problem.path("exitCode").asInt()).isEqualTo(3);
  }

  @Test
  void pluginOfAnotherKind_isNoHandler() {
    client.upload(PLUGINS + "math", Modules.arithmetic()).expect(201);

    JsonNode problem = client.get(PLUGINS + "math/http/").problem(422, "unsupported-abi");
    assertThat(problem.path("abi").asText()).isEqualTo("plain");
    client.get(PLUGINS + "missing/http/").problem(404, "not-found");
  }

  @Test
  void settings_chooseJson() {
    String answer = "{\"data\":\"made\",\"status\":201,\"headers\":{\"x-a\":\"b\"}}";
    client.upload(PLUGINS + "json", Modules.command(1, answer, 0)).expect(201);
    client.get(PLUGINS + "json/http/").problem(502, "invalid-answer");
    client.put(PLUGINS + "json/settings", "{\"abi\":\"wws\"}").expect(200);

    Reply reply = client.get(PLUGINS + "json/http/").expect(201);
    assertThat(reply.text()).isEqualTo("made");
    assertThat(reply.header("x-a")).isEqualTo("b");
    client.put(PLUGINS + "json/settings", "{\"abi\":\"wagi\"}").expect(200);
    client.get(PLUGINS + "json/http/").problem(502, "invalid-answer");
  }

  @Test
  void otherVersion_isChosenByHeader() {
    String upload = PLUGINS + "versions";
    String first =
        client.upload(upload, Modules.command(1, page("one"), 0)).json().path("version").asText();
    client.upload(upload, Modules.command(1, page("two"), 0)).expect(201);

    assertThat(client.get(upload + "/http/").text()).isEqualTo("two");
    assertThat(client.with("Cloister-Version", first).get(upload + "/http/").text())
        .isEqualTo("one");
    client.with("Cloister-Version", "x").get(upload + "/http/").problem(400, "invalid-request");
    client.with("Cloister-Alias", "none").get(upload + "/http/").problem(404, "not-found");
  }

  @Test
  void pathThatIsNoText_isRefused() {
    client.get(PAGES + "/%00").problem(400, "invalid-request");
    client.get(PAGES + "/%ff").problem(400, "invalid-request");
  }

  @Test
  void namedEntry_runsInsteadOfStart() {
    client.post(PLUGINS + "pages/run?entry=_start", new byte[0]).expect(200);

    JsonNode problem =
        client.post(PLUGINS + "pages/run?entry=memory", new byte[0]).problem(404, "unknown-export");
    assertThat(problem.path("allowed").get(0).asText()).isEqualTo("_start");
  }

  private Reply repeat(String output) {
    return client.post(PAGES + "/repeat", output.getBytes(StandardCharsets.UTF_8));
  }

  private static String page(String text) {
    return "content-type: text/plain\n\n" + text;
  }

  private static byte[] pages() {
    Path pages = Path.of(System.getProperty("project.root", ".."), "examples/pages/pages.wasm");
    try {
      return Files.readAllBytes(pages);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void postWithAKey_isDoneOnce() {
    TestClient careful = client.with("Idempotency-Key", "one");
    Reply first = careful.post(PAGES + "/request", "{}").expect(200);

    Reply again = careful.post(PAGES + "/request", "{}").expect(200);

    assertThat(again.text()).isEqualTo(first.text());
    assertThat(first.header("idempotency-replayed")).isEmpty();
    assertThat(again.header("idempotency-replayed")).isEqualTo("true");
    careful.post(PAGES + "/request", "[]").problem(422, "idempotency-key-reused");
    assertThat(careful.get(PAGES + "/?World").header("idempotency-replayed")).isEmpty();
  }
}
