package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// SIGHUP has a server read its configuration anew, and never ends it.
@Timeout(300)
final class SignalReloadTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private Path folder;

  @Test
  void hangUp_readsTheConfigurationAnew_andAFaultyOneChangesNothing() throws IOException {
    Path file = folder.resolve("cloister.yaml");
    Files.writeString(file, "limits: {defaults: {plugins: 100}}\n");
    Path data = Files.createDirectory(folder.resolve("data"));
    try (ServerProcess server =
        ServerProcess.start(data, List.of(), List.of("--config", file.toString()))) {
      TestClient operator = server.operator();
      operator.put("/v1/tenants/acme", "{}").expect(201);

      Files.writeString(file, "limits: {defaults: {plugins: 7}}\n");
      server.hangUp();

      await().atMost(PATIENCE).until(() -> plugins(operator), plugins -> plugins == 7);
      JsonNode audit =
          operator
              .with("Accept", "application/json")
              .get("/v1/events?q=config.reload")
              .expect(200)
              .json()
              .path("items")
              .path(0);
      assertThat(audit.path("actor").asText()).isEqualTo("signal:HUP");
      assertThat(audit.path("target").asText()).contains("limits.defaults.plugins");

      Files.writeString(file, "limits: {defaults: {plugins: many}}\n");
      server.hangUp();

      await()
          .atMost(PATIENCE)
          .until(() -> ServerProcess.log(data).contains("event=config-not-reloaded"));
      assertThat(plugins(operator)).isEqualTo(7);
      assertThat(ServerProcess.log(data))
          .contains("event=config-reloaded applied=\"limits.defaults.plugins\"")
          .contains("cloister.yaml:1:30: ");
      assertThat(server.terminate().exitCode()).isZero();
    }
  }

  private static long plugins(TestClient operator) {
    return operator
        .get("/v1/tenants/acme/limits")
        .expect(200)
        .json()
        .path("limits")
        .path("plugins")
        .asLong();
  }
}
