package dev.cloister.sandbox.http;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Plugins that come as manifests, over HTTP.
final class ManifestApiTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";
  private static final String MANIFEST = "application/vnd.extism.manifest+json";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient client;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    client = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String vowels() throws IOException {
    return base64(
        Files.readAllBytes(
            Path.of(
                System.getProperty("project.root", ".."), "examples", "vowels", "vowels.wasm")));
  }

  private Reply put(String plugin, String type, String manifest) {
    return client.send("PUT", PLUGINS + plugin, BodyPublishers.ofString(manifest), type);
  }

  private Reply call(String plugin, String export, String input) {
    return client.post(
        PLUGINS + plugin + "/call/" + export, input.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void manifest_isAVersion_thatSurvivesARestart() throws IOException {
    String manifest = "{\"wasm\":[{\"data\":\"" + vowels() + "\"}],\"config\":{\"vowels\":\"y\"}}";
    JsonNode answer = put("yes", MANIFEST, manifest).expect(201).json();

    assertThat(answer.path("abi").asText()).isEqualTo("extism");
    assertThat(answer.path("live").asBoolean()).isTrue();
    assertThat(answer.path("exports").findValuesAsText("name")).contains("count");
    put("yes", "application/json; charset=utf-8", manifest).expect(200);
    assertThat(call("yes", "count", "yay").expect(200).text())
        .isEqualTo("{\"count\":2,\"total\":2}");

    server.close();
    server = TestServer.start(folder);
    client = server.operator();
    assertThat(call("yes", "count", "y").expect(200).text())
        .as("variables are in memory only")
        .isEqualTo("{\"count\":1,\"total\":1}");
    Reply bytes =
        client
            .with("Accept", "application/wasm")
            .get(PLUGINS + "yes/versions/" + answer.path("version").asText())
            .expect(200);
    assertThat(bytes.text()).isEqualTo(manifest);
    assertThat(bytes.header("content-type")).isEqualTo(MANIFEST);
  }

  @Test
  void modules_areLinkedByTheirNames() {
    FuncType unary = new FuncType(List.of(I64), List.of(I64));
    byte[] library =
        new ModuleBuilder().exportFunction("same", unary, code -> code.localGet(0)).build();
    ModuleBuilder main = new ModuleBuilder();
    main.importFunction("extism:host/env", "input_offset", new FuncType(List.of(), List.of(I64)));
    main.importFunction("extism:host/env", "length", unary);
    main.importFunction(
        "extism:host/env", "output_set", new FuncType(List.of(I64, I64), List.of()));
    main.importFunction("library", "same", unary);
    main.exportFunction(
        "echo",
        new FuncType(List.of(), List.of(I32)),
        code -> code.call(0).call(3).call(0).call(1).call(2).i32Const(0));
    String manifest =
        "{\"wasm\":[{\"name\":\"library\",\"data\":\""
            + base64(library)
            + "\"},{\"data\":\""
            + base64(main.build())
            + "\"}]}";

    assertThat(put("linked", MANIFEST, manifest).expect(201).json().path("unresolvedImports"))
        .isEmpty();
    assertThat(call("linked", "echo", "echo?").expect(200).text()).isEqualTo("echo?");
  }

  @Test
  void limitsOfTheManifest_hold() {
    String manifest =
        "{\"wasm\":[{\"data\":\""
            + base64(Modules.extismThatNeverEnds())
            + "\"}],\"timeout_ms\":200,\"memory\":{\"max_pages\":40}}";
    put("bounded", MANIFEST, manifest).expect(201);

    assertThat(call("bounded", "spin", "").problem(504, "deadline").path("allowed").asInt())
        .isEqualTo(200);
    JsonNode problem = call("bounded", "hoard", "").problem(422, "limit");
    assertThat(problem.path("limit").asText()).isEqualTo("memoryPerInstanceBytes");
    assertThat(problem.path("allowed").asInt()).isEqualTo(40 << 16);
  }

  @Test
  void manifest_withAFault_saysWhere() {
    JsonNode problem =
        put("faulty", MANIFEST, "{\"wasm\":[{\"path\":\"/etc/passwd\"}]}")
            .problem(422, "invalid-manifest");
    assertThat(problem.path("field").asText()).isEqualTo("wasm[0].path");

    byte[] invalid =
        new ModuleBuilder()
            .exportFunction("run", new FuncType(List.of(), List.of(I32)), code -> {})
            .build();
    problem =
        put("faulty", MANIFEST, "{\"wasm\":[{\"data\":\"" + base64(invalid) + "\"}]}")
            .problem(422, "invalid-manifest");
    assertThat(problem.path("field").asText()).isEqualTo("wasm[0].data");
    assertThat(problem.path("detail").asText()).contains("type mismatch").contains("@+0x");

    put("faulty", MANIFEST, "not json").problem(422, "invalid-manifest");
    put("faulty", "text/plain", "{}").problem(415, "unsupported-media-type");
    client.get(PLUGINS + "faulty").problem(404, "not-found");
  }

  @Test
  void manifest_thatIsTooLarge_isRefused() {
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"uploadBytes\":100}}")
        .expect(200);

    put("large", MANIFEST, "{\"wasm\":[]," + " ".repeat(200) + "}")
        .problem(413, "request-too-large");
  }
}
