package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.Sandbox;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A configuration that is read anew while the server runs.
final class ConfigApiTest {
  @TempDir private Path folder;
  private Path file;
  private Sandbox sandbox;
  private TestClient operator;

  @BeforeEach
  void start() throws IOException {
    file = folder.resolve("cloister.yaml");
    write("100", "1m");
    LiveConfig.Reader reader =
        () ->
            ConfigLoader.load(
                file,
                Map.of("CLOISTER_STORAGE_FOLDER", folder + "/data", "CLOISTER_HTTP_PORT", "0"));
    sandbox = Sandbox.start(LiveConfig.of(reader.read(), reader), TestServer.OPERATOR_KEY);
    operator = TestServer.client(sandbox, TestServer.OPERATOR_KEY);
    operator.put("/v1/tenants/acme", "{}").expect(201);
  }

  @AfterEach
  void stop() {
    sandbox.close();
  }

  private void write(String plugins, String idleTimeout) throws IOException {
    Files.writeString(
        file,
        "http:\n  idleTimeout: "
            + idleTimeout
            + "\nlimits:\n  defaults: {plugins: "
            + plugins
            + "}\n");
  }

  private JsonNode setting(String key) {
    for (JsonNode setting : operator.get("/v1/config").expect(200).json().path("settings")) {
      if (setting.path("key").asText().equals(key)) {
        return setting;
      }
    }
    throw new AssertionError("no key " + key);
  }

  private long plugins() {
    return operator
        .get("/v1/tenants/acme/limits")
        .expect(200)
        .json()
        .path("limits")
        .path("plugins")
        .asLong();
  }

  @Test
  void keys_areShown_withWhereTheyComeFrom() {
    assertThat(setting("http.idleTimeout").path("value").asText()).isEqualTo("1m");
    assertThat(setting("http.idleTimeout").path("source").asText()).isEqualTo(file + ":2");
    assertThat(setting("http.idleTimeout").path("reloadable").asBoolean()).isFalse();
    assertThat(setting("http.port").path("source").asText()).isEqualTo("CLOISTER_HTTP_PORT");
    assertThat(setting("limits.defaults.plugins").path("reloadable").asBoolean()).isTrue();
    assertThat(setting("auth.maxSessions").path("source").asText()).isEqualTo("default");
  }

  @Test
  void diagnostics_haveTheKeys_too() {
    JsonNode document = operator.get("/v1/diagnostics").expect(200).json();

    assertThat(document.path("configuration").findValuesAsText("key"))
        .contains("http.idleTimeout", "limits.defaults.plugins");
  }

  @Test
  void reload_appliesWhatItCan_andNamesTheRest() throws IOException {
    assertThat(plugins()).isEqualTo(100);
    write("7", "3m");

    JsonNode change = operator.post("/v1/config/reload", "").expect(200).json();

    assertThat(change.path("applied").toString()).isEqualTo("[\"limits.defaults.plugins\"]");
    assertThat(change.path("restart").toString()).isEqualTo("[\"http.idleTimeout\"]");
    assertThat(plugins()).isEqualTo(7);
    assertThat(setting("limits.defaults.plugins").path("value").asText()).isEqualTo("7");
    assertThat(setting("http.idleTimeout").path("value").asText()).isEqualTo("1m");
    JsonNode again = operator.post("/v1/config/reload", "").expect(200).json();
    assertThat(again.path("applied")).isEmpty();
    assertThat(again.path("restart").toString()).isEqualTo("[\"http.idleTimeout\"]");
    assertThat(operator.with("Accept", "application/json").get("/v1/events").text())
        .contains("config.reload");
  }

  @Test
  void reload_ofAFileWithMistakes_changesNothing() throws IOException {
    Files.writeString(file, "limits: {defaults: {plugins: many}}\nhtpp: {}\n");

    JsonNode problem = operator.post("/v1/config/reload", "").problem(409, "conflict");

    assertThat(problem.path("faults")).hasSize(2);
    assertThat(problem.path("faults").path(0).asText()).startsWith(file + ":1:30: ");
    assertThat(plugins()).isEqualTo(100);
    Files.delete(file);
    operator.post("/v1/config/reload", "").problem(409, "conflict");
    assertThat(plugins()).isEqualTo(100);
  }
}
