package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tags and conditions of the control plane's resources.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ConditionalRequestsTest {
  private static final String ACME = "/v1/tenants/acme";
  private static final String MATH = ACME + "/plugins/math";

  private TestServer server;
  private TestClient operator;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put(ACME, "{}").expect(201);
    operator.upload(MATH, Modules.arithmetic()).expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ACME,
        ACME + "/limits",
        ACME + "/keys",
        ACME + "/plugins",
        MATH,
        MATH + "/settings",
        MATH + "/aliases/live",
        MATH + "/versions"
      })
  void get_withTheTagItHas_is304(String path) {
    String tag = operator.get(path).expect(200).header("etag");

    Reply again = operator.with("If-None-Match", "\"other\", W/" + tag).get(path).expect(304);

    assertThat(tag).matches("\"sha256-[0-9a-f]{64}\"");
    assertThat(again.header("etag")).isEqualTo(tag);
    assertThat(again.body()).isEmpty();
    operator.with("If-None-Match", "\"other\"").get(path).expect(200);
    operator.with("If-Match", "\"other\"").get(path).problem(412, "precondition-failed");
  }

  @Test
  void put_withAnOldTag_is412_andChangesNothing() {
    String path = ACME + "/limits";
    String old = operator.get(path).header("etag");
    operator.with("If-Match", old).put(path, "{\"limits\":{\"plugins\":7}}").expect(200);

    JsonNode problem =
        operator
            .with("If-Match", old)
            .put(path, "{\"limits\":{\"plugins\":8}}")
            .problem(412, "precondition-failed");

    Reply now = operator.get(path);
    assertThat(now.json().path("set").path("plugins").asInt()).isEqualTo(7);
    assertThat(problem.path("what").asText()).isEqualTo("If-Match");
    assertThat(problem.path("actual").asText()).isEqualTo(now.header("etag"));
    assertThat(problem.path("allowed").asText()).isEqualTo(old);
  }

  @Test
  void put_ofTheSameTagAtOnce_changesOnlyOnce() throws Exception {
    String path = MATH + "/settings";
    String tag = operator.get(path).header("etag");
    List<Future<Integer>> puts = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 16; i++) {
        String body = "{\"environment\":{\"N\":\"" + i + "\"}}";
        puts.add(threads.submit(() -> operator.with("If-Match", tag).put(path, body).status()));
      }
    }

    List<Integer> statuses = new ArrayList<>();
    for (Future<Integer> put : puts) {
      statuses.add(put.get());
    }
    assertThat(statuses).containsOnlyOnce(200);
    assertThat(statuses.stream().filter(status -> status == 412)).hasSize(15);
  }

  @Test
  void ifNoneMatchAny_onlyCreates() {
    TestClient creator = operator.with("If-None-Match", "*");

    creator.put("/v1/tenants/new", "{}").expect(201);
    creator.put("/v1/tenants/new", "{}").problem(412, "precondition-failed");
    creator.upload("/v1/tenants/new/plugins/p", Modules.arithmetic()).expect(201);
    creator
        .upload("/v1/tenants/new/plugins/p", Modules.arithmetic("2"))
        .problem(412, "precondition-failed");
    assertThat(operator.get("/v1/tenants/new/plugins/p/versions").json().path("items")).hasSize(1);
  }

  @Test
  void ifMatch_ofWhatIsNotThere_is412() {
    operator
        .with("If-Match", "*")
        .put("/v1/tenants/none", "{}")
        .problem(412, "precondition-failed");
    operator.get("/v1/tenants/none").problem(404, "not-found");
    operator
        .with("If-Match", "*")
        .upload(ACME + "/plugins/none", Modules.arithmetic())
        .problem(412, "precondition-failed");
  }

  @Test
  void delete_withAnOldTag_is412() {
    String path = ACME + "/plugins/doomed";
    operator.upload(path, Modules.arithmetic("doomed")).expect(201);
    String old = operator.get(path).header("etag");
    operator.put(path + "/settings", "{\"environment\":{\"A\":\"B\"}}").expect(200);

    operator.with("If-Match", old).delete(path).problem(412, "precondition-failed");
    operator.with("If-Match", operator.get(path).header("etag")).delete(path).expect(204);
  }

  @Test
  void tagOfATenant_doesNotStandForItsFigures() {
    String tag = operator.get(ACME).header("etag");
    operator.post(MATH + "/call/add", "{\"args\":[1,2]}").expect(200);

    assertThat(operator.get(ACME).header("etag")).isEqualTo(tag);
  }

  @Test
  void conditionThatIsMalformed_is400() {
    JsonNode problem =
        operator.with("If-Match", "untagged").put(ACME, "{}").problem(400, "invalid-request");
    assertThat(problem.path("what").asText()).isEqualTo("If-Match");
  }

  @Test
  void bytesOfAVersion_areImmutable() {
    String version = operator.get(MATH).json().path("live").asText();
    String path = MATH + "/versions/" + version;
    TestClient reader = operator.with("Accept", "application/wasm");

    Reply bytes = reader.get(path).expect(200);

    String tag = bytes.header("etag");
    assertThat(bytes.header("cache-control")).contains("immutable");
    assertThat(bytes.header("vary")).isEqualTo("Accept");
    assertThat(tag).isEqualTo("\"" + version.replace(':', '-') + "\"");
    reader.with("If-None-Match", tag).get(path).expect(304);
    Reply head = reader.send("HEAD", path, BodyPublishers.noBody(), null).expect(200);
    assertThat(head.header("etag")).isEqualTo(tag);
    operator.with("If-None-Match", tag).get(path).expect(200);
  }
}
