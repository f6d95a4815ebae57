package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A server that is started again loads the code that it has generated before.
@Timeout(120)
final class PersistedCodeApiTest {
  private static final String PLUGIN = "/v1/tenants/acme/plugins/sums";

  @TempDir private Path folder;

  private static void add(TestClient operator) {
    JsonNode sum = operator.post(PLUGIN + "/call/add", "{\"args\":[2,3]}").expect(200).json();
    assertThat(sum.path("results").path(0).asInt()).isEqualTo(5);
  }

  private static JsonNode statistics(TestClient operator) {
    return operator.get("/v1/engine/statistics").expect(200).json();
  }

  private void uploadAndStop() {
    try (TestServer server = TestServer.start(folder)) {
      TestClient operator = server.operator();
      operator.put("/v1/tenants/acme", "{}").expect(201);
      operator.upload(PLUGIN, Modules.arithmetic()).expect(201);
      add(operator);
    }
  }

  private List<Path> archives() throws IOException {
    try (var tree = Files.walk(folder.resolve("code"))) {
      return tree.filter(file -> file.toString().endsWith(".code")).toList();
    }
  }

  @Test
  void secondStart_loadsWhatTheFirstHasGenerated() throws IOException {
    uploadAndStop();
    assertThat(archives()).hasSize(1);
    assertThat(Files.getPosixFilePermissions(folder.resolve("secrets.key")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));

    try (TestServer server = TestServer.start(folder)) {
      add(server.operator());
      JsonNode figures = statistics(server.operator());
      assertThat(figures.path("persistedCode").path("loadedUnits").asInt()).isPositive();
      assertThat(figures.path("persistedCode").path("loadedBytes").asInt()).isPositive();
      List<String> phases = new ArrayList<>();
      figures.path("compilation").forEach(phase -> phases.add(phase.path("phase").asText()));
      assertThat(phases).contains("decode", "plan", "load", "define");
    }
  }

  @Test
  void folderThatWasDeletedOrDamaged_doesNotMatter() throws IOException {
    uploadAndStop();
    Path archive = archives().getFirst();
    Files.write(archive, new byte[100]);
    try (TestServer server = TestServer.start(folder)) {
      add(server.operator());
    }
    assertThat(Files.size(archive)).isGreaterThan(100);
    Files.delete(archive);
    try (TestServer server = TestServer.start(folder)) {
      add(server.operator());
    }
    assertThat(archive).exists();
  }
}
