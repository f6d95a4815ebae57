package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Calls of exports and commands over HTTP, and every way in which they can end.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class InvocationApiTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";

  private TestServer server;
  private TestClient client;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    client = server.tenant("acme", "tenant-admin");
    client.upload(PLUGINS + "math", Modules.arithmetic()).expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Reply call(String export, String body) {
    return client.post(PLUGINS + "math/call/" + export, body);
  }

  @Test
  void call_withArguments_returnsResults() {
    Reply reply = call("add", "{\"args\":[2,40]}").expect(200);

    assertThat(reply.text()).isEqualTo("{\"results\":[42]}");
    assertThat(reply.header("cloister-version")).startsWith("sha256:");
    assertThat(reply.header("cloister-instance")).isEqualTo("fresh");
    assertThat(reply.header("server-timing")).contains("exec;dur=");
    assertThat(reply.header("content-type")).isEqualTo("application/json");
  }

  @Test
  void call_ofEachType_keepsItsValue() {
    assertThat(result("i32", "-1")).isEqualTo("-1");
    assertThat(result("i64", "\"9223372036854775807\"")).isEqualTo("\"9223372036854775807\"");
    assertThat(result("i64", "7")).isEqualTo("\"7\"");
    assertThat(result("f32", "0.1")).isEqualTo("0.1");
    assertThat(result("f64", "1e300")).isEqualTo("1E+300");
    assertThat(result("f64", "\"nan\"")).isEqualTo("\"nan\"");
    assertThat(result("f64", "\"-inf\"")).isEqualTo("\"-inf\"");
  }

  private String result(String export, String argument) {
    String text = call(export, "{\"args\":[" + argument + "]}").expect(200).text();
    return text.substring("{\"results\":[".length(), text.length() - "]}".length());
  }

  @Test
  void call_thatTraps_saysWhichTrapAndWhere() {
    JsonNode problem = call("divide", "{\"args\":[1,0]}").problem(422, "trap");

    assertThat(problem.path("trap").asText()).isEqualTo("integer divide by zero");
    assertThat(problem.path("wasmStack").get(0).path("index").asInt()).isEqualTo(1);
    assertThat(problem.path("wasmStack").get(0).path("offset").asInt()).isPositive();
  }

  @Test
  void call_thatTrapsInModuleWithLines_saysFileAndLine() throws IOException {
    Path example =
        Path.of(System.getProperty("project.root", ".."), "examples", "average", "average.wasm");
    client.upload(PLUGINS + "average", Files.readAllBytes(example)).expect(201);
    JsonNode stack =
        client
            .post(PLUGINS + "average/call/average", "{\"args\":[6,3]}")
            .problem(422, "trap")
            .path("wasmStack");

    assertThat(stack).hasSize(2);
    assertThat(stack.get(0).path("function").asText()).isEqualTo("divide");
    assertThat(stack.get(0).path("file").asText()).isEqualTo("average.c");
    assertThat(stack.get(0).path("line").asInt()).isEqualTo(8);
    assertThat(stack.get(1).path("line").asInt()).isEqualTo(18);
  }

  @Test
  void call_ofUnknownExport_names_theExports() {
    JsonNode problem = call("subtract", "{\"args\":[]}").problem(404, "unknown-export");

    assertThat(problem.path("export").asText()).isEqualTo("subtract");
    assertThat(problem.path("allowed").toString()).contains("add", "divide");
  }

  @Test
  void call_withWrongArguments_saysWhichAndWhy() {
    JsonNode wrongType = call("add", "{\"args\":[1,\"two\"]}").problem(400, "invalid-arguments");
    assertThat(wrongType.path("argument").asInt()).isEqualTo(1);
    assertThat(wrongType.path("allowed").asText()).contains("i32");

    call("add", "{\"args\":[1]}").problem(400, "invalid-arguments");
    call("add", "{\"args\":[1,2,3]}").problem(400, "invalid-arguments");
    call("add", "{\"args\":[1,4294967296]}").problem(400, "invalid-arguments");
    call("i64", "{\"args\":[9007199254740993]}").problem(400, "invalid-arguments");
  }

  @Test
  void call_withMalformedJson_saysWhere() {
    JsonNode problem = call("add", "{\"args\":[1,}").problem(400, "malformed-json");

    assertThat(problem.path("line").asInt()).isEqualTo(1);
    assertThat(problem.path("column").asInt()).isEqualTo(12);
    JsonNode unknown = call("add", "{\"arg\":[1,2]}").problem(400, "invalid-request");
    assertThat(unknown.path("detail").asText()).contains("args");
    call("add", "[1,2]").problem(400, "invalid-request");
    call("add", "{\"args\":[1,2]} x").problem(400, "malformed-json");
  }

  @Test
  void call_pastItsDeadline_is504_andTheNextCallWorks() {
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"deadlineMillis\":200}}");

    JsonNode problem = call("spin", "{}").problem(504, "deadline");

    assertThat(problem.path("allowed").asInt()).isEqualTo(200);
    call("add", "{\"args\":[2,40]}").expect(200);
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"deadlineMillis\":null}}");
  }

  @Test
  void call_pastItsCpuTime_is422_andItsTenantWaits() {
    server
        .operator()
        .put(
            "/v1/tenants/acme/limits",
            "{\"limits\":{\"cpuMillisPerCall\":50,\"cpuMillisPerSecond\":1}}");

    JsonNode problem = call("spin", "{}").problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("cpuMillisPerCall");
    assertThat(problem.path("allowed").asInt()).isEqualTo(50);
    assertThat(problem.path("used").asInt()).isGreaterThan(50);
    Reply refused = call("add", "{\"args\":[2,40]}");
    assertThat(refused.problem(429, "rate-limited").path("limit").asText())
        .isEqualTo("cpuMillisPerSecond");
    assertThat(Integer.parseInt(refused.header("retry-after"))).isPositive();
    assertThat(client.get("/v1/tenants/acme/usage").expect(200).json().path("cpuMillis").asLong())
        .isGreaterThanOrEqualTo(50);
    server
        .operator()
        .put(
            "/v1/tenants/acme/limits",
            "{\"limits\":{\"cpuMillisPerCall\":null,\"cpuMillisPerSecond\":null}}");
  }

  @Test
  void call_withTooLargeBody_is413_announcedOrNot() {
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"requestBytes\":100}}");
    String large = "{\"args\":[" + " ".repeat(200) + "]}";

    JsonNode problem = call("add", large).problem(413, "request-too-large");

    assertThat(problem.path("limit").asText()).isEqualTo("requestBytes");
    assertThat(problem.path("allowed").asInt()).isEqualTo(100);
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"requestBytes\":null}}");
  }

  @Test
  void call_ofUnknownThings_is404() {
    client.post("/v1/tenants/other/plugins/math/call/add", "{}").problem(404, "not-found");
    client.post(PLUGINS + "none/call/add", "{}").problem(404, "not-found");
    String absent = "sha256:" + "0".repeat(64);
    client.post(PLUGINS + "math/call/add?version=" + absent, "{}").problem(404, "not-found");
    client.post(PLUGINS + "math/call/add?alias=canary", "{}").problem(404, "not-found");
    client.post(PLUGINS + "math/call/add?version=1", "{}").problem(400, "invalid-request");
    server.operator().post("/v1/tenants/none/plugins/x/call/y", "{}").problem(404, "not-found");
  }

  @Test
  void call_withoutKey_is401() {
    Reply reply = server.client(null).post(PLUGINS + "math/call/add", "{}");

    reply.problem(401, "unauthorized");
    assertThat(reply.header("www-authenticate").toLowerCase(Locale.ROOT)).startsWith("bearer");
    server.client("cl_0_" + "0".repeat(64)).get(PLUGINS + "math").problem(401, "unauthorized");
  }

  @Test
  void call_ofSuspendedTenant_isRefused_untilResumed() {
    TestClient other = server.tenant("sleepy", "tenant-admin");
    String path = "/v1/tenants/sleepy/plugins/math";
    other.upload(path, Modules.arithmetic()).expect(201);
    server.operator().post("/v1/tenants/sleepy/suspend", "").expect(200);

    other.post(path + "/call/add", "{\"args\":[1,2]}").problem(403, "suspended");

    server.operator().post("/v1/tenants/sleepy/resume", "").expect(200);
    other.post(path + "/call/add", "{\"args\":[1,2]}").expect(200);
  }

  @Test
  void run_returnsStandardOutput() {
    client.upload(PLUGINS + "hello", Modules.command(1, "hello\n", 0)).expect(201);

    Reply reply = client.post(PLUGINS + "hello/run?arg=a&arg=b", new byte[0]).expect(200);

    assertThat(reply.text()).isEqualTo("hello\n");
    assertThat(reply.header("cloister-exit-code")).isEqualTo("0");
  }

  @Test
  void run_thatExitsWithACode_isAProblemWithTheOutput() {
    client.upload(PLUGINS + "failing", Modules.command(1, "so far\n", 3)).expect(201);

    Reply reply = client.post(PLUGINS + "failing/run", new byte[0]);

    JsonNode problem = reply.problem(422, "plugin-exit");
    assertThat(problem.path("exitCode").asInt()).isEqualTo(3);
    assertThat(problem.path("stdout").asText()).isEqualTo("so far\n");
    assertThat(reply.header("cloister-exit-code")).isEqualTo("3");
  }

  @Test
  void run_ofAPlainModule_isRefused() {
    client.post(PLUGINS + "math/run", new byte[0]).problem(422, "unsupported-abi");
  }

  @Test
  void call_ofModuleWithUnresolvedImports_isRefused() {
    JsonNode uploaded = client.upload(PLUGINS + "needy", Modules.unresolved()).expect(201).json();
    assertThat(uploaded.path("unresolvedImports").toString()).isEqualTo("[\"env.missing\"]");

    client.post(PLUGINS + "needy/call/run", "{}").problem(422, "unresolved-imports");
  }

  @Test
  void call_thatIsRefusedForAWhile_saysTheLimitAndItsValue_andWhenToTryAgain() {
    TestClient other = server.tenant("hurried", "tenant-admin");
    String path = "/v1/tenants/hurried/plugins/math";
    other.upload(path, Modules.arithmetic()).expect(201);
    server
        .operator()
        .put("/v1/tenants/hurried/limits", "{\"requestsPerSecond\":1,\"plugins\":7}")
        .expect(200);
    Reply refused = other.post(path + "/call/add", "{\"args\":[1,2]}");
    while (refused.status() == 200) {
      refused = other.post(path + "/call/add", "{\"args\":[1,2]}");
    }

    JsonNode problem = refused.problem(429, "rate-limited");

    assertThat(problem.path("limit").asText()).isEqualTo("requestsPerSecond");
    assertThat(problem.path("allowed").asLong()).isEqualTo(1);
    assertThat(refused.header("retry-after"))
        .isEqualTo(problem.path("retryAfterSeconds").asText())
        .isEqualTo("1");
  }
}
