package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What holds for every path: methods, types, public pages, calls that do not exist yet.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HttpConventionsTest {
  private TestServer server;
  private TestClient operator;
  private TestClient anybody;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    anybody = server.client(null);
    operator.put("/v1/tenants/acme", "{}").expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void unknownPath_is404() {
    JsonNode problem = operator.get("/v2/tenants").problem(404, "not-found");
    assertThat(problem.path("name").asText()).isEqualTo("/v2/tenants");
    operator.get("/v1/tenants//plugins").problem(404, "not-found");
  }

  @Test
  void wrongMethod_is405_withTheRightOnes() {
    Reply reply = operator.post("/v1/tenants/acme", "{}");

    reply.problem(405, "method-not-allowed");
    assertThat(reply.header("allow")).isEqualTo("DELETE, GET, HEAD, OPTIONS, PUT");
    assertThat(operator.post("/healthz", "").header("allow")).isEqualTo("GET, HEAD, OPTIONS");
  }

  @Test
  void head_hasTheHeadersOfGet_andNoBody() {
    Reply get = operator.get("/v1/tenants/acme").expect(200);

    Reply head =
        operator.send("HEAD", "/v1/tenants/acme", BodyPublishers.noBody(), null).expect(200);

    assertThat(head.header("content-type")).isEqualTo(get.header("content-type"));
    assertThat(head.header("content-length")).isEqualTo("" + get.body().length);
    assertThat(head.body()).isEmpty();
  }

  @Test
  void body_declaredAsAForm_isTakenForJson() {
    operator
        .send(
            "PUT",
            "/v1/tenants/acme",
            BodyPublishers.ofString("{}"),
            "application/x-www-form-urlencoded")
        .expect(200);
  }

  @Test
  void body_thatIsDeclaredAsAnotherType_is415() {
    operator
        .send("PUT", "/v1/tenants/acme", BodyPublishers.ofString("{}"), "text/plain")
        .problem(415, "unsupported-media-type");
    operator
        .send(
            "PUT",
            "/v1/tenants/acme",
            BodyPublishers.ofString("{}"),
            "application/json; charset=UTF-8")
        .expect(200);
  }

  @Test
  void controlBody_pastTheLimit_is413() {
    JsonNode problem =
        operator
            .put("/v1/tenants/acme", " ".repeat(2 << 20) + "{}")
            .problem(413, "request-too-large");
    assertThat(problem.path("limit").asText()).isEqualTo("controlBodyBytes");
  }

  @Test
  void json_deeplyNestedOrRepeated_isRefused() {
    operator.put("/v1/tenants/acme", "{\"limits\":" + "[".repeat(10_000)).expect(400);
    operator
        .put("/v1/tenants/acme", "{\"limits\":{},\"limits\":{}}")
        .problem(400, "malformed-json");
  }

  @Test
  void publicPages_needNoKey() {
    assertThat(anybody.get("/healthz").expect(200).json().path("status").asText())
        .isEqualTo("alive");
    assertThat(anybody.get("/readyz").expect(200).json().path("status").asText())
        .isEqualTo("ready");
    assertThat(anybody.get("/openapi.json").expect(200).json().path("openapi").asText())
        .startsWith("3.1");
    assertThat(anybody.get("/").expect(302).header("location")).isEqualTo("/admin/");
    assertThat(anybody.get("/admin").expect(308).header("location")).isEqualTo("/admin/");
    assertThat(anybody.get("/admin/").expect(200).text()).contains("<cloister-console>");
  }

  @Test
  void adminFiles_neverLeaveTheirFolder() {
    for (String path :
        new String[] {
          "/admin/../META-INF/MANIFEST.MF",
          "/admin/%2e%2e/%2e%2e/logback.xml",
          "/admin/..%2f..%2flogback.xml",
          "/admin//logback.xml",
          "/admin/.hidden.js",
          "/admin/none.js",
          "/admin/lib"
        }) {
      assertThat(anybody.get(path).status()).as(path).isEqualTo(404);
    }
  }

  @Test
  void statistics_haveWrappersAndSamples() {
    JsonNode figures = operator.get("/v1/engine/statistics").expect(200).json();

    assertThat(figures.path("wrappers").path("misses").isNumber()).isTrue();
    assertThat(figures.path("sampling").path("samples").path("timer").isNumber()).isTrue();
    assertThat(figures.path("sampling").path("samples").path("gc").isNumber()).isTrue();
  }

  @Test
  void metrics_areForTheOperator() {
    Reply reply = operator.get("/metrics").expect(200);

    assertThat(reply.header("content-type")).startsWith("text/plain; version=0.0.4");
    assertThat(reply.text())
        .contains("# TYPE cloister_invocations_total counter")
        .contains("cloister_tenants 1")
        .contains("cloister_invocation_duration_seconds_bucket{le=\"+Inf\"}")
        .contains("# TYPE cloister_engine_module_code_size_kib histogram")
        .contains("cloister_engine_module_code_size_kib_bucket{trigger=\"gc\",le=\"1024\"}")
        .contains("cloister_engine_modules_per_isolate_count{trigger=\"timer\"}")
        .contains("cloister_engine_wrappers ");
    anybody.get("/metrics").problem(401, "unauthorized");
  }

  @Test
  void callsThatDoNotExistYet_saySo() {
    for (NotAvailable.Call call : NotAvailable.CALLS) {
      String method = call.method() == null ? "GET" : call.method().name();
      String path =
          call.path().replace("{tenant}", "acme").replaceAll("\\{\\w+}", "x").replace("/*", "/x");
      JsonNode problem =
          operator.send(method, path, BodyPublishers.noBody(), null).problem(501, "not-available");
      assertThat(problem.path("what").asText()).isEqualTo(call.feature());
      anybody.send(method, path, BodyPublishers.noBody(), null).problem(401, "unauthorized");
    }
  }

  @Test
  void cluster_isOneMember() {
    JsonNode cluster = operator.get("/v1/cluster").expect(200).json();

    assertThat(cluster.path("members")).hasSize(1);
    assertThat(cluster.path("members").get(0).path("id").asText())
        .isEqualTo(cluster.path("self").asText());
  }

  @Test
  void statistics_countWhatIsThere() {
    JsonNode statistics = operator.get("/v1/engine/statistics").expect(200).json();

    assertThat(statistics.path("tenants").asInt()).isEqualTo(1);
    assertThat(statistics.path("calls").path("total").asInt()).isZero();
    assertThat(statistics.path("jvm").path("heapUsedBytes").asLong()).isPositive();
    server.tenant("acme", "tenant-admin").get("/v1/engine/statistics").expect(200);
  }

  @Test
  void page_linksToTheNext() {
    operator.put("/v1/tenants/paging-a", "{}");
    operator.put("/v1/tenants/paging-b", "{}");

    Reply first = operator.get("/v1/tenants?limit=1&q=paging").expect(200);

    String link = first.header("link");
    assertThat(link).matches("<\\?limit=1&q=paging&cursor=[\\w-]+>; rel=\"next\"");
    String query = link.substring(1, link.indexOf('>'));
    Reply second = operator.get("/v1/tenants" + query).expect(200);
    assertThat(second.json().path("items").get(0).path("tenant").asText()).isEqualTo("paging-b");
    assertThat(second.header("link")).isEmpty();
    operator.delete("/v1/tenants/paging-a").expect(204);
    operator.delete("/v1/tenants/paging-b").expect(204);
  }

  @Test
  void compressedBody_is415() {
    Reply reply = operator.with("Content-Encoding", "gzip").put("/v1/tenants/acme", "{}");

    JsonNode problem = reply.problem(415, "unsupported-media-type");
    assertThat(problem.path("what").asText()).isEqualTo("Content-Encoding");
    assertThat(reply.header("accept-encoding")).isEqualTo("identity");
    operator
        .with("Content-Encoding", "gzip")
        .upload("/v1/tenants/acme/plugins/p", new byte[8])
        .problem(415, "unsupported-media-type");
    operator.with("Content-Encoding", "identity").put("/v1/tenants/acme", "{}");
  }
}
