package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Extism plug-ins over HTTP, by the example of one in C.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ExtismApiTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";

  private TestServer server;
  private TestClient client;

  @BeforeAll
  void start(@TempDir Path folder) throws IOException {
    server = TestServer.start(folder);
    client = server.tenant("acme", "tenant-admin");
    client.upload(PLUGINS + "vowels", vowels()).expect(201);
    client.upload(PLUGINS + "typed", vowels()).expect(201);
    client.upload(PLUGINS + "hungry", Modules.extismThatNeverEnds()).expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static byte[] vowels() throws IOException {
    return example("vowels");
  }

  private static byte[] example(String name) throws IOException {
    return Files.readAllBytes(
        Path.of(System.getProperty("project.root", ".."), "examples", name, name + ".wasm"));
  }

  private Reply call(String plugin, String export, String input) {
    return client.send(
        "POST", PLUGINS + plugin + "/call/" + export, BodyPublishers.ofString(input), "text/plain");
  }

  @Test
  void call_withBytes_answersBytes_andKeepsVariables() {
    Reply first = call("vowels", "count", "Hello, World!").expect(200);

    assertThat(first.text()).isEqualTo("{\"count\":3,\"total\":3}");
    assertThat(first.header("content-type")).isEqualTo("application/octet-stream");
    assertThat(first.header("content-security-policy")).isEqualTo("sandbox");
    assertThat(first.header("cloister-instance")).isEqualTo("fresh");
    assertThat(call("vowels", "count", "aaaaa").expect(200).text())
        .isEqualTo("{\"count\":5,\"total\":8}");
  }

  @Test
  void pluginInAssemblyScript_isCalled() throws IOException {
    client.upload(PLUGINS + "reverse", example("reverse")).expect(201);

    assertThat(call("reverse", "reverse", "stressed").expect(200).text()).isEqualTo("desserts");
    assertThat(call("reverse", "reverse", "").expect(200).text()).isEmpty();
  }

  @Test
  void call_thatFails_saysWhatThePluginSaid() {
    JsonNode problem = call("vowels", "count", "x".repeat(65_537)).problem(422, "plugin-error");

    assertThat(problem.path("message").asText()).isEqualTo("the input is longer than 65536 bytes");
    assertThat(problem.path("code").asInt()).isEqualTo(1);
  }

  @Test
  void httpRequest_withoutTheCapability_isAnError() throws IOException {
    client.upload(PLUGINS + "fetch", example("fetch")).problem(422, "capability-denied");
    server.operator().put("/v1/tenants/acme/policy", "{\"capabilities\":[\"http\"]}").expect(200);
    client.upload(PLUGINS + "fetch", example("fetch")).expect(201);
    client.put(PLUGINS + "fetch/settings", "{\"capabilities\":[]}").expect(200);
    JsonNode problem = call("fetch", "fetch", "http://localhost/").problem(422, "plugin-error");

    assertThat(problem.path("message").asText()).contains("no capability \"http\"");
    assertThat(problem.path("code").asInt()).isEqualTo(-1);
  }

  @Test
  void memoryBeyondTheLimit_isALimit() {
    JsonNode problem = call("hungry", "hoard", "").problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("memoryPerInstanceBytes");
    assertThat(problem.path("trap").asText()).isEqualTo("unreachable");
  }

  @Test
  void call_thatNeverEnds_isStopped() {
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"deadlineMillis\":300}}")
        .expect(200);
    call("hungry", "spin", "").problem(504, "deadline");
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"deadlineMillis\":null}}")
        .expect(200);
  }

  @Test
  void call_ofWhatIsNotThere_isNotFound() {
    JsonNode problem = call("vowels", "absent", "").problem(404, "unknown-export");

    assertThat(problem.path("allowed").toString()).isEqualTo("[\"count\"]");
  }

  @Test
  void settings_chooseTheTypeOfTheAnswer() {
    String settings = PLUGINS + "typed/settings";
    client
        .put(settings, "{\"extism\":{\"contentType\":\"application/json; charset=utf-8\"}}")
        .expect(200);

    assertThat(call("typed", "count", "a").expect(200).header("content-type"))
        .isEqualTo("application/json; charset=utf-8");
    client
        .put(settings, "{\"extism\":{\"contentType\":\"no type\\r\\nX-Evil: 1\"}}")
        .problem(400, "invalid-request");
    client.put(settings, "{\"extism\":{\"logLevel\":\"loud\"}}").problem(400, "invalid-request");
    client.put(settings, "{\"abi\":\"cobol\"}").problem(400, "invalid-request");
  }

  @Test
  void settings_chooseTheConvention() {
    String plugin = PLUGINS + "chosen";
    client.upload(plugin, Modules.arithmetic("chosen")).expect(201);
    client.put(plugin + "/settings", "{\"abi\":\"extism\"}").expect(200);

    JsonNode problem = call("chosen", "add", "bytes").problem(422, "unsupported-type");
    assertThat(problem.path("detail").asText()).contains("takes no parameters");
    client.put(plugin + "/settings", "{\"abi\":\"auto\"}").expect(200);
    assertThat(client.post(plugin + "/call/add", "{\"args\":[1,2]}").expect(200).text())
        .isEqualTo("{\"results\":[3]}");
  }

  @Test
  void deletedPlugin_losesItsVariables() throws IOException {
    client.upload(PLUGINS + "forgetful", vowels()).expect(201);
    call("forgetful", "count", "aaa").expect(200);
    client.delete(PLUGINS + "forgetful").expect(204);
    client.upload(PLUGINS + "forgetful", vowels()).expect(201);

    assertThat(call("forgetful", "count", "e").expect(200).text())
        .isEqualTo("{\"count\":1,\"total\":1}");
  }

  @Test
  void keptInstance_survivesErrorsThatThePluginReports() {
    client.upload(PLUGINS + "counting", Modules.extismThatCounts()).expect(201);
    call("counting", "count", "").problem(422, "plugin-error");
    client
        .put(PLUGINS + "counting/settings", "{\"instance\":{\"policy\":\"stateful\"}}")
        .expect(200);

    for (int calls = 1; calls <= 12; calls++) {
      Reply reply = call("counting", "count", "");
      assertThat(reply.problem(422, "plugin-error").path("code").asInt()).isEqualTo(calls);
      assertThat(reply.header("cloister-instance")).isEqualTo("stateful");
    }
  }
}
