package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A stopped server's folder is the whole server.
final class RestartTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";

  @TempDir private Path folder;

  @Test
  void everything_isBackAfterARestart() {
    String key;
    String first;
    String second;
    try (TestServer server = TestServer.start(folder)) {
      TestClient operator = server.operator();
      operator.put("/v1/tenants/acme", "{\"limits\":{\"plugins\":3}}").expect(201);
      operator.put("/v1/tenants/asleep", "{}").expect(201);
      operator.post("/v1/tenants/asleep/suspend", "").expect(200);
      key =
          operator
              .post("/v1/tenants/acme/keys", "{\"role\":\"tenant-admin\"}")
              .json()
              .path("key")
              .asText();
      first = upload(operator, "1");
      second = upload(operator, "2");
      operator.put(MATH + "/settings", "{\"environment\":{\"A\":\"1\"}}").expect(200);
      String alias = "{\"targets\":[{\"version\":\"" + first + "\",\"weight\":1}]}";
      operator.put(MATH + "/aliases/live", alias).expect(200);
    }

    try (TestServer server = TestServer.start(folder)) {
      TestClient admin = server.client(key);
      await().until(() -> admin.get("/readyz").status() == 200);
      JsonNode plugin = admin.get(MATH).expect(200).json();
      assertThat(plugin.path("live").asText()).isEqualTo(first);
      assertThat(plugin.path("versions").asInt()).isEqualTo(2);
      assertThat(plugin.path("exports").get(0).path("name").asText()).isEqualTo("add");
      assertThat(admin.get(MATH + "/settings").json().path("environment").path("A").asText())
          .isEqualTo("1");
      assertThat(admin.get("/v1/tenants/acme/limits").json().path("set").toString())
          .isEqualTo("{\"plugins\":3}");
      // The live version was compiled at the start, the other is compiled when it is called.
      assertThat(admin.get("/v1/engine/native-modules").json().path("items")).hasSize(1);
      admin.post(MATH + "/call/add", "{\"args\":[2,40]}").expect(200);
      admin.post(MATH + "/call/add?version=" + second, "{\"args\":[2,40]}").expect(200);
      JsonNode asleep = server.operator().get("/v1/tenants/asleep").json();
      assertThat(asleep.path("state").asText()).isEqualTo("suspended");
    }
  }

  @Test
  void callInFlight_isAnswered_beforeTheServerStops() throws Exception {
    TestServer server = TestServer.start(folder);
    TestClient operator = server.operator();
    operator.put("/v1/tenants/acme", "{\"limits\":{\"deadlineMillis\":1500}}").expect(201);
    upload(operator, "1");
    CompletableFuture<Reply> call =
        CompletableFuture.supplyAsync(() -> operator.post(MATH + "/call/spin", "{}"));
    await().until(() -> inFlight(operator) == 1);

    server.stop();

    call.get(30, TimeUnit.SECONDS).problem(504, "deadline");
    server.close();
  }

  private static int inFlight(TestClient client) {
    JsonNode usage = client.get("/v1/tenants/acme/usage").json().path("usage");
    return usage.path("concurrency").asInt();
  }

  @Test
  void unreferencedBlobs_areRemovedAtTheStart() throws IOException {
    TestServer.start(folder).close();
    Path stray =
        folder.resolve(
            "blobs/sha256/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    Files.createDirectories(stray.resolveSibling("."));
    Files.write(stray, "hello".getBytes(StandardCharsets.UTF_8));

    TestServer.start(folder).close();

    assertThat(stray).doesNotExist();
  }

  private static String upload(TestClient client, String tag) {
    return client.upload(MATH, Modules.arithmetic(tag)).expect(201).json().path("version").asText();
  }
}
