package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Calls and uploads whose clients do not wait.
final class OperationsApiTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private Path folder;
  private TestServer server;
  private TestClient admin;
  private TestClient hurried;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    admin = server.tenant("acme", "tenant-admin");
    hurried = admin.with("Prefer", "wait=1, respond-async");
    admin.upload(MATH, Modules.arithmetic()).expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String accepted(Reply reply) {
    reply.expect(202);
    String location = reply.header("location");
    assertThat(location).isEqualTo("/v1/operations/" + reply.json().path("id").asText());
    assertThat(reply.header("preference-applied")).isEqualTo("respond-async");
    return location;
  }

  private JsonNode ended(String location) {
    return await()
        .atMost(PATIENCE)
        .until(
            () -> admin.get(location).expect(200).json(),
            operation -> !operation.path("status").asText().equals("running"));
  }

  @Test
  void call_goesOn_andItsResultIsKept() {
    String location = accepted(hurried.post(MATH + "/call/add", "{\"args\":[1,2]}"));

    JsonNode operation = ended(location);

    assertThat(operation.path("kind").asText()).isEqualTo("call");
    assertThat(operation.path("status").asText()).isEqualTo("succeeded");
    assertThat(operation.path("httpStatus").asInt()).isEqualTo(200);
    assertThat(operation.path("result").path("results").get(0).asInt()).isEqualTo(3);
    assertThat(admin.get("/v1/operations").json().path("items")).hasSize(1);
    admin.delete(location).expect(204);
    admin.get(location).problem(404, "not-found");
  }

  @Test
  void trap_isAFailure_withItsProblem() {
    JsonNode operation = ended(accepted(hurried.post(MATH + "/call/trap", "{}")));

    assertThat(operation.path("status").asText()).isEqualTo("failed");
    assertThat(operation.path("problem").path("type").asText()).endsWith("/problems/trap");
    assertThat(operation.path("httpStatus").asInt()).isEqualTo(422);
  }

  @Test
  void command_outputIsKept() {
    admin.upload("/v1/tenants/acme/plugins/say", Modules.command(1, "hello", 0)).expect(201);

    JsonNode operation =
        ended(accepted(hurried.post("/v1/tenants/acme/plugins/say/run", new byte[0])));

    assertThat(operation.path("kind").asText()).isEqualTo("run");
    assertThat(operation.path("output").asText()).isEqualTo("hello");
  }

  @Test
  void upload_becomesAVersion_orSaysWhyNot() {
    String path = "/v1/tenants/acme/plugins/later";

    JsonNode good = ended(accepted(hurried.upload(path, Modules.arithmetic("later"))));
    byte[] broken = "\0asm\1\0\0\0\1\1".getBytes(StandardCharsets.ISO_8859_1);
    Reply refused = hurried.upload(path, broken);

    assertThat(good.path("kind").asText()).isEqualTo("upload");
    String version = good.path("result").path("version").asText();
    assertThat(admin.get(path).expect(200).json().path("live").asText()).isEqualTo(version);
    if (refused.status() == 202) {
      assertThat(ended(refused.header("location")).path("problem").path("type").asText())
          .endsWith("/problems/invalid-module");
    } else {
      refused.problem(422, "invalid-module");
    }
  }

  @Test
  void cancelledCall_isStopped() {
    String location = accepted(hurried.post(MATH + "/call/spin", "{}"));
    await()
        .atMost(PATIENCE)
        .until(
            () -> admin.get("/v1/tenants/acme/usage").json().path("instances").asInt(),
            running -> running == 1);

    admin.delete(location).expect(204);

    assertThat(admin.get(location).json().path("status").asText()).isEqualTo("cancelled");
    await()
        .atMost(PATIENCE)
        .until(
            () -> admin.get("/v1/tenants/acme/usage").json().path("instances").asInt(),
            running -> running == 0);
    assertThat(
            server
                .operator()
                .with("Accept", "application/json")
                .get("/v1/events?q=operation.cancel")
                .json()
                .path("items"))
        .hasSize(1);
  }

  @Test
  void operations_areNoConcernOfOthers() {
    String location = accepted(hurried.post(MATH + "/call/add", "{\"args\":[1,2]}"));
    TestClient stranger = server.tenant("beta", "tenant-admin");
    TestClient invoker = server.tenant("acme", "invoker");

    stranger.get(location).problem(404, "not-found");
    stranger.delete(location).problem(404, "not-found");
    invoker.get(location).problem(404, "not-found");
    assertThat(stranger.get("/v1/operations").json().path("items")).isEmpty();
    assertThat(invoker.get("/v1/operations").json().path("items")).isEmpty();
    server.operator().get(location).expect(200);
  }

  @Test
  void operations_goWithTheirTenant_andAreNotThoseOfTheNext() {
    String location = accepted(hurried.post(MATH + "/call/spin", "{}"));
    server.operator().delete("/v1/tenants/acme").expect(204);
    TestClient next = server.tenant("acme", "tenant-admin");

    next.get(location).problem(404, "not-found");
    server.operator().get(location).problem(404, "not-found");
    assertThat(next.get("/v1/operations").json().path("items")).isEmpty();
  }

  @Test
  void resultThatTheTenantHasNoMemoryFor_isAProblem() {
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"memoryBytes\":1048576}}")
        .expect(200);
    String text = "x".repeat(60_000);
    admin.upload("/v1/tenants/acme/plugins/say", Modules.command(1, text, 0)).expect(201);
    int failed = 0;
    for (int i = 0; i < 40 && failed == 0; i++) {
      Reply reply = hurried.post("/v1/tenants/acme/plugins/say/run", new byte[0]);
      if (reply.status() == 202) {
        JsonNode operation = ended(reply.header("location"));
        if (operation.path("status").asText().equals("failed")) {
          assertThat(operation.path("problem").path("limit").asText()).isEqualTo("memoryBytes");
          failed++;
        }
      } else {
        reply.problem(422, "limit");
        failed++;
      }
    }
    assertThat(failed).isEqualTo(1);
  }

  @Test
  void oneOperationTooMany_is429() {
    for (int i = 0; i < 100; i++) {
      accepted(hurried.post(MATH + "/call/add", "{\"args\":[1,2]}"));
    }

    JsonNode problem =
        hurried.post(MATH + "/call/add", "{\"args\":[1,2]}").problem(429, "rate-limited");

    assertThat(problem.path("limit").asText()).isEqualTo("operations");
    assertThat(problem.path("allowed").asInt()).isEqualTo(100);
  }

  @Test
  void call_saysHowManyAreLeft() {
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"requestsPerSecond\":50}}")
        .expect(200);

    Reply reply = admin.post(MATH + "/call/add", "{\"args\":[1,2]}").expect(200);

    assertThat(reply.header("ratelimit-policy")).isEqualTo("\"requestsPerSecond\";q=50;w=1");
    assertThat(reply.header("ratelimit")).matches("\"requestsPerSecond\";r=(4\\d|50);t=1");
  }

  @Test
  void operations_outliveTheServer_andWhatWasGoingOnIsInterrupted() {
    String done = accepted(hurried.post(MATH + "/call/add", "{\"args\":[1,2]}"));
    JsonNode before = ended(done);
    String cancelled = accepted(hurried.post(MATH + "/call/spin", "{}"));
    admin.delete(cancelled).expect(204);
    String forgotten = accepted(hurried.post(MATH + "/call/add", "{\"args\":[1,2]}"));
    ended(forgotten);
    admin.delete(forgotten).expect(204);
    String running = accepted(hurried.post(MATH + "/call/spin", "{}"));

    restart();

    TestClient operator = server.operator();
    assertThat(operator.get(done).expect(200).json()).isEqualTo(before);
    assertThat(operator.get(cancelled).json().path("status").asText()).isEqualTo("cancelled");
    operator.get(forgotten).problem(404, "not-found");
    JsonNode interrupted = operator.get(running).expect(200).json();
    assertThat(interrupted.path("status").asText()).isEqualTo("failed");
    assertThat(interrupted.path("problem").path("type").asText()).endsWith("/problems/interrupted");
    restart();
    assertThat(server.operator().get(running).json()).isEqualTo(interrupted);
    assertThat(server.operator().get("/v1/operations").json().path("items")).hasSize(3);
    server.operator().delete("/v1/tenants/acme").expect(204);
    restart();
    assertThat(server.operator().get("/v1/operations").json().path("items")).isEmpty();
  }

  private void restart() {
    server.close();
    server = TestServer.start(folder);
  }

  @Test
  void largeOutput_isKeptAsLongAsTheServerRuns() {
    admin.upload("/v1/tenants/acme/plugins/flood", Modules.flood(2 << 20)).expect(201);
    String location = accepted(hurried.post("/v1/tenants/acme/plugins/flood/run", new byte[0]));

    assertThat(ended(location).path("output").asText()).hasSize(2 << 20);

    restart();
    JsonNode restored = server.operator().get(location).expect(200).json();
    assertThat(restored.path("status").asText()).isEqualTo("succeeded");
    assertThat(restored.path("httpStatus").asInt()).isEqualTo(200);
    assertThat(restored.path("outputDropped").asBoolean()).isTrue();
    assertThat(restored.has("output")).isFalse();
  }

  @Test
  void requestToAHandler_hasStatusFieldsAndBodyOfItsAnswer() {
    String page = "Status: 404\nContent-Type: text/plain\nX-Custom: value\n\ngone";
    admin.upload("/v1/tenants/acme/plugins/page", Modules.command(1, page, 0)).expect(201);

    JsonNode operation = ended(accepted(hurried.get("/v1/tenants/acme/plugins/page/http/x")));

    assertThat(operation.path("kind").asText()).isEqualTo("http");
    assertThat(operation.path("httpStatus").asInt()).isEqualTo(404);
    assertThat(operation.path("headers").path("x-custom").asText()).isEqualTo("value");
    assertThat(operation.path("output").asText()).isEqualTo("gone");
  }
}
