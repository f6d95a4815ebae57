package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pages of other origins: closed by default, open for those that are listed.
final class CrossOriginTest {
  private static final String CONSOLE = "https://console.example";

  private static Reply preflight(TestClient client) {
    return client
        .with("Access-Control-Request-Method", "PUT")
        .send("OPTIONS", "/v1/tenants/acme", BodyPublishers.noBody(), null)
        .expect(204);
  }

  @Test
  void byDefault_noPageMayRead(@TempDir Path folder) {
    try (TestServer server = TestServer.start(folder)) {
      TestClient page = server.client(null).with("Origin", CONSOLE);

      assertThat(page.get("/healthz").expect(200).header("access-control-allow-origin")).isEmpty();
      assertThat(preflight(page).header("access-control-allow-origin")).isEmpty();
      assertThat(preflight(page).header("access-control-allow-methods")).isEmpty();
      assertThat(preflight(page).header("allow")).isEqualTo("DELETE, GET, HEAD, OPTIONS, PUT");
      page.send("OPTIONS", "/nope", BodyPublishers.noBody(), null).problem(404, "not-found");
    }
  }

  @Test
  void answerThatVaries_variesByTheOriginToo(@TempDir Path folder) {
    try (TestServer server =
        TestServer.start(
            folder, config -> config.withHttp(config.http().withCorsOrigins(List.of(CONSOLE))))) {
      TestClient admin = server.tenant("acme", "tenant-admin");
      String plugin = "/v1/tenants/acme/plugins/math";
      String version =
          admin.upload(plugin, Modules.arithmetic()).expect(201).json().path("version").asText();

      Reply reply = admin.with("Origin", CONSOLE).get(plugin + "/versions/" + version).expect(200);

      assertThat(reply.headers("vary")).containsExactlyInAnyOrder("Origin", "Accept");
    }
  }

  @Test
  void listedOrigins_mayRead_othersNot(@TempDir Path folder) {
    try (TestServer server =
        TestServer.start(
            folder, config -> config.withHttp(config.http().withCorsOrigins(List.of(CONSOLE))))) {
      TestClient page = server.client(null).with("Origin", CONSOLE);
      TestClient other = server.client(null).with("Origin", "https://evil.example");

      Reply reply = page.get("/v1/tenants");
      reply.problem(401, "unauthorized");
      assertThat(reply.header("access-control-allow-origin")).isEqualTo(CONSOLE);
      assertThat(reply.header("access-control-allow-credentials")).isEmpty();
      assertThat(reply.header("vary")).isEqualTo("Origin");
      assertThat(preflight(page).header("access-control-allow-methods")).contains("PUT");
      assertThat(preflight(page).header("access-control-allow-headers")).contains("Authorization");
      assertThat(preflight(page).header("access-control-allow-headers"))
          .contains("Cloister-Alias", "Cloister-Signature", "Idempotency-Key", "Prefer");
      assertThat(other.get("/healthz").header("access-control-allow-origin")).isEmpty();
      assertThat(preflight(other).header("access-control-allow-methods")).isEmpty();
    }
  }
}
