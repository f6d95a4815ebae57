package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Requests that are sent again with their Idempotency-Key.
final class IdempotencyApiTest {
  private static final String KEYS = "/v1/tenants/acme/keys";
  private static final String ADD = "/v1/tenants/acme/plugins/math/call/add";
  private static final String ARGUMENTS = "{\"args\":[1,2]}";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put("/v1/tenants/acme", "{}");
    operator.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private int keys() {
    return operator.get(KEYS).json().path("items").size();
  }

  private long calls() {
    return operator.get("/v1/tenants/acme").json().path("calls").asLong();
  }

  @Test
  void repeatedRequest_isDoneOnce_alsoAfterARestart() throws IOException {
    TestClient client = operator.with("Idempotency-Key", "b7f1e4a2-made-by-the-client");

    Reply first = client.post(KEYS, "{\"role\":\"invoker\"}").expect(201);
    Reply second = client.post(KEYS, "{\"role\":\"invoker\"}").expect(201);
    server.close();
    server = TestServer.start(folder);
    operator = server.operator();
    Reply third =
        operator
            .with("Idempotency-Key", "b7f1e4a2-made-by-the-client")
            .post(KEYS, "{\"role\":\"invoker\"}")
            .expect(201);

    assertThat(second.body()).isEqualTo(first.body());
    assertThat(third.body()).isEqualTo(first.body());
    assertThat(first.header("idempotency-replayed")).isEmpty();
    assertThat(second.header("idempotency-replayed")).isEqualTo("true");
    assertThat(third.header("content-type")).isEqualTo("application/json");
    assertThat(keys()).isEqualTo(1);
    assertNowhereInTheData(first.json().path("key").asText());
    assertNowhereInTheData("b7f1e4a2-made-by-the-client");
  }

  private void assertNowhereInTheData(String secret) throws IOException {
    assertThat(secret).isNotEmpty();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(text.contains(secret)).as(file.toString()).isFalse();
      }
    }
  }

  @Test
  void sameKey_forAnotherRequest_is422() {
    TestClient client = operator.with("Idempotency-Key", "k");
    client.post(KEYS, "{\"role\":\"invoker\"}").expect(201);

    client.post(KEYS, "{\"role\":\"tenant-admin\"}").problem(422, "idempotency-key-reused");
    client.post(ADD, ARGUMENTS).problem(422, "idempotency-key-reused");
    assertThat(keys()).isEqualTo(1);
  }

  @Test
  void sameKey_ofAnotherPrincipal_isAnotherRequest() {
    TestClient one = server.tenant("acme", "tenant-admin").with("Idempotency-Key", "k");
    TestClient other = server.tenant("acme", "tenant-admin").with("Idempotency-Key", "k");

    Reply first = one.post(KEYS, "{\"role\":\"invoker\"}").expect(201);
    Reply second = other.post(KEYS, "{\"role\":\"invoker\"}").expect(201);

    assertThat(first.json().path("id")).isNotEqualTo(second.json().path("id"));
  }

  @Test
  void refusedRequest_isRefusedAgain_inTheSameWords() {
    TestClient client = operator.with("Idempotency-Key", "wrong");

    JsonNode first = client.post(KEYS, "{\"role\":\"king\"}").problem(400, "invalid-request");
    Reply second = client.post(KEYS, "{\"role\":\"king\"}");

    assertThat(second.problem(400, "invalid-request").path("detail"))
        .isEqualTo(first.path("detail"));
    assertThat(second.header("idempotency-replayed")).isEqualTo("true");
  }

  @Test
  void call_isDoneOnce() {
    TestClient client = operator.with("Idempotency-Key", "call");

    Reply first = client.post(ADD, ARGUMENTS).expect(200);
    Reply second = client.post(ADD, ARGUMENTS).expect(200);

    assertThat(second.text()).isEqualTo(first.text()).contains("3");
    assertThat(second.header("cloister-version")).isEqualTo(first.header("cloister-version"));
    assertThat(calls()).isEqualTo(1);
  }

  @Test
  void detachedCall_isDoneOnce() {
    TestClient client = operator.with("Idempotency-Key", "async").with("Prefer", "respond-async");

    Reply first = client.post(ADD, ARGUMENTS).expect(202);
    Reply second = client.post(ADD, ARGUMENTS).expect(202);

    assertThat(second.header("location")).isEqualTo(first.header("location")).isNotEmpty();
  }

  @Test
  void requestsAtOnce_areDoneOnce() throws Exception {
    TestClient client = operator.with("Idempotency-Key", "at-once");
    List<Future<Reply>> replies = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 16; i++) {
        replies.add(threads.submit(() -> client.post(KEYS, "{\"role\":\"invoker\"}")));
      }
    }

    for (Future<Reply> reply : replies) {
      if (reply.get().status() != 201) {
        reply.get().problem(409, "idempotency-conflict");
        assertThat(reply.get().header("retry-after")).isEqualTo("1");
      }
    }
    assertThat(keys()).isEqualTo(1);
  }

  @Test
  void keyThatIsNone_is400() {
    operator
        .with("Idempotency-Key", "a b")
        .post(KEYS, "{\"role\":\"invoker\"}")
        .problem(400, "invalid-request");
    operator
        .with("Idempotency-Key", "a".repeat(256))
        .post(ADD, ARGUMENTS)
        .problem(400, "invalid-request");
  }
}
