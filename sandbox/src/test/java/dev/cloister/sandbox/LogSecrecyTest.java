package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nothing that a caller or a guest sends, and no key, is in what the server writes, however much
/// it is told to; and no key is in its data folder but the operator's own.
final class LogSecrecyTest {
  private static final String MARK = "geheimnis";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  private final List<String> secrets = new ArrayList<>();

  private String mark(String place) {
    String secret = MARK + "-" + place;
    secrets.add(secret);
    return secret;
  }

  private String key(TestClient operator, String role) {
    String key =
        operator
            .post("/v1/tenants/acme/keys", "{\"role\":\"" + role + "\"}")
            .expect(201)
            .json()
            .path("key")
            .asText();
    secrets.add(key);
    return key;
  }

  @Test
  void secretsAndBytesOfGuests_areInNoLog() throws IOException {
    Path config = folder.resolve("cloister.yaml");
    Files.writeString(config, "logs: {format: json, level: debug}\n");
    Path data = folder.resolve("data");
    Files.createDirectories(data);
    ServerProcess server =
        ServerProcess.start(data, List.of(), List.of("--config", config.toString()));
    TestClient operator = server.operator();
    secrets.add(TestServer.OPERATOR_KEY);

    send(operator);

    ServerProcess.End end = server.terminate();
    assertThat(end.exitCode()).isZero();
    String log = end.log();
    assertThat(log).contains("\"event\":\"started\"").contains("\"level\":\"DEBUG\"");
    for (String secret : secrets) {
      assertThat(log).as(secret).doesNotContain(secret);
    }
    assertThat(log).doesNotContain(MARK);
    for (String line : log.lines().toList()) {
      // The JVM itself warns of modules that are incubating.
      if (!line.startsWith("WARNING:")) {
        JsonNode json = MAPPER.readTree(line);
        assertThat(json.path("level").asText()).as(line).isIn("DEBUG", "INFO", "WARN", "ERROR");
      }
    }
    assertNoKeyIn(data);
  }

  private void send(TestClient operator) {
    operator.put("/v1/tenants/acme", "{}").expect(201);
    TestClient admin = operator.with("Authorization", "Bearer " + key(operator, "tenant-admin"));
    String plugin = "/v1/tenants/acme/plugins/plugin";
    admin.upload(plugin, Modules.command(2, mark("stderr"), 3)).expect(201);
    admin
        .put(plugin + "/settings", "{\"environment\":{\"SECRET\":\"" + mark("environment") + "\"}}")
        .expect(200);
    admin
        .post(
            plugin + "/run?arg=" + mark("argument"), mark("stdin").getBytes(StandardCharsets.UTF_8))
        .problem(422, "plugin-exit");
    admin.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic(mark("module"))).expect(201);
    String call = "/v1/tenants/acme/plugins/math/call/";
    admin.post(call + "add", "{\"args\":[\"" + mark("args") + "\",1]}").expect(400);
    admin.post(call + "add", "{" + mark("malformed")).problem(400, "malformed-json");
    admin.post(call + "trap", "{}").problem(422, "trap");
    admin.post(call + mark("export"), "{}").problem(404, "unknown-export");
    admin.upload(plugin, mark("no-module").getBytes(StandardCharsets.UTF_8)).expect(422);
    admin.with("Cookie", "cloister_session=" + mark("cookie")).get("/v1/tenants/acme").expect(200);
    admin.get("/v1/tenants/acme?token=" + mark("query")).expect(200);
    operator.with("Authorization", "Bearer " + mark("bearer")).get("/v1/tenants").expect(401);
    operator.with("Authorization", "Basic " + mark("basic")).get("/v1/tenants").expect(401);
    operator.post("/v1/session", "{\"key\":\"" + mark("sign-in") + "\"}").expect(401);
    operator.post("/v1/session", "{\"key\":\"" + key(operator, "invoker") + "\"}").expect(200);
    operator.with("traceparent", mark("trace")).get("/v1/tenants").expect(200);
    operator.get("/" + mark("path")).problem(404, "not-found");
  }

  private void assertNoKeyIn(Path data) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(data)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      for (String secret : secrets) {
        if (secret.startsWith("cloister_") || secret.startsWith("cl_")) {
          assertThat(text.contains(secret)).as("%s in %s", secret, file).isFalse();
        }
      }
    }
  }
}
