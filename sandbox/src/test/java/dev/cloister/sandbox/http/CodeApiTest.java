package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.EventReader;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Generated code as a resource: figures, collections, flushing, tiers.
final class CodeApiTest {
  private static final String MODULES = "/v1/engine/native-modules/";
  private static final String ADD = "/v1/tenants/acme/plugins/sums/call/add";

  private TestServer server;
  private TestClient operator;
  private String digest;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put("/v1/tenants/acme", "{}").expect(201);
    digest =
        operator
            .upload("/v1/tenants/acme/plugins/sums", Modules.arithmetic())
            .expect(201)
            .json()
            .path("version")
            .asText();
    add();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void add() {
    JsonNode sum = operator.post(ADD, "{\"args\":[2,3]}").expect(200).json();
    assertThat(sum.path("results").path(0).asInt()).isEqualTo(5);
  }

  private JsonNode currentImage(JsonNode module) {
    for (JsonNode image : module.path("images")) {
      if (image.path("current").asBoolean()) {
        return image;
      }
    }
    throw new AssertionError("no current image: " + module);
  }

  @Test
  void tierUpAndDown_ofAFunctionAndOfAll_changeTheImageThatCallsEnter() {
    JsonNode row = operator.post(MODULES + digest + "/tier-up?function=0", "").expect(200).json();
    assertThat(row.path("digest").asText()).isEqualTo(digest);
    assertThat(currentImage(row).path("kind").asText()).isEqualTo("normal");
    assertThat(currentImage(row).path("tier").asText()).isEqualTo("mixed");
    assertThat(currentImage(row).path("generation").asInt()).isEqualTo(1);
    assertThat(currentImage(row).path("optimizedFunctions").asInt()).isEqualTo(1);
    add();

    row = operator.post(MODULES + digest + "/tier-up", "").expect(200).json();
    assertThat(currentImage(row).path("tier").asText()).isEqualTo("optimized");
    add();
    row = operator.post(MODULES + digest + "/tier-down", "").expect(200).json();
    assertThat(currentImage(row).path("tier").asText()).isEqualTo("baseline");
    assertThat(currentImage(row).path("published").asBoolean()).isTrue();
    add();

    JsonNode audit =
        operator
            .with("Accept", "application/json")
            .get("/v1/events?limit=1")
            .expect(200)
            .json()
            .path("items")
            .path(0);
    assertThat(audit.path("action").asText()).isEqualTo("engine.tier-down");
    assertThat(audit.path("target").asText()).isEqualTo(digest);
  }

  @Test
  void stream_tellsTheOperatorOfGenerationsAndCollections() {
    Map<String, String> headers = Map.of("Accept", "text/event-stream");
    try (EventReader events = EventReader.open(server.url() + "/v1/engine/events", headers)) {
      assertThat(events.next().name()).isEqualTo("statistics");
      operator.post(MODULES + digest + "/tier-up?function=0", "").expect(200);

      JsonNode published = events.next(event -> event.name().equals("generation-published")).data();
      assertThat(published.path("digest").asText()).isEqualTo(digest);
      assertThat(published.path("generation").asInt()).isEqualTo(1);
      assertThat(published.path("tier").asText()).isEqualTo("mixed");
      assertThat(published.path("optimizedFunctions").asInt()).isEqualTo(1);
      assertThat(published.path("cause").asText()).isEqualTo("request");
      JsonNode retired = events.next(event -> event.name().equals("generation-retired")).data();
      assertThat(retired.path("digest").asText()).isEqualTo(digest);
      assertThat(retired.path("generation").asInt()).isZero();
      assertThat(retired.path("codeBytes").asLong()).isPositive();

      operator.post("/v1/engine/code-gc", "").expect(202);
      JsonNode collected = events.next(event -> event.name().equals("code-collected")).data();
      assertThat(collected.path("requested").asBoolean()).isTrue();
      assertThat(collected.path("candidates").asInt()).isPositive();
    }
  }

  @Test
  void tierUp_ofWhatIsNotThere_saysSo() {
    String unknown = "sha256:" + "0".repeat(64);
    operator.post(MODULES + unknown + "/tier-up", "").problem(404, "not-found");
    operator.post(MODULES + "sums/tier-down", "").problem(400, "invalid-request");
    JsonNode range =
        operator
            .post(MODULES + digest + "/tier-up?function=1000", "")
            .problem(400, "invalid-request");
    assertThat(range.path("what").asText()).isEqualTo("function");
    operator.post(MODULES + digest + "/tier-up?function=-1", "").problem(400, "invalid-request");
    operator.post(MODULES + digest + "/tier-up?function=f", "").problem(400, "invalid-request");
  }

  @Test
  void flushBaseline_tellsTheBytes_andCallsGoOn() {
    JsonNode flushed = operator.post("/v1/engine/flush-baseline", "").expect(200).json();
    assertThat(flushed.path("codeBytes").asLong()).isPositive();
    assertThat(flushed.path("metadataBytes").asLong()).isPositive();
    add();

    JsonNode collected = operator.post("/v1/engine/code-gc", "").expect(202).json();
    assertThat(collected.path("collections").asLong()).isPositive();
    JsonNode figures = operator.get("/v1/engine/code-gc").expect(200).json();
    assertThat(figures.path("flushedBytes").asLong()).isEqualTo(flushed.path("codeBytes").asLong());
    assertThat(figures.path("committedBytes").asLong()).isPositive();
    assertThat(figures.path("maxBytes").asLong()).isEqualTo(1L << 30);
    assertThat(figures.path("codeCacheUse").asDouble()).isBetween(0.0, 0.8);
    assertThat(figures.path("tiers").path("generations").isNumber()).isTrue();
    assertThat(operator.get("/v1/engine/statistics").expect(200).json().path("code").size())
        .isEqualTo(figures.size());
    assertThat(operator.get("/metrics").expect(200).text())
        .contains("cloister_engine_code_committed_bytes ")
        .contains("cloister_engine_code_flushed_bytes_total " + flushed.path("codeBytes").asLong())
        .contains("cloister_engine_generations_total 0");
  }

  @Test
  void tenants_seeTheirOwnCodeOnly_andChangeNothing() {
    TestClient acme = server.tenant("acme", "tenant-admin");
    operator.put("/v1/tenants/other", "{}").expect(201);
    TestClient other = server.tenant("other", "tenant-admin");

    JsonNode own = acme.get("/v1/engine/code-gc").expect(200).json();
    assertThat(own.path("committedBytes").asLong()).isPositive();
    assertThat(own.has("refusals")).isFalse();
    JsonNode none = other.get("/v1/engine/code-gc").expect(200).json();
    assertThat(none.path("committedBytes").asLong()).isZero();

    acme.post("/v1/engine/code-gc", "").problem(403, "forbidden");
    acme.post("/v1/engine/flush-baseline", "").problem(403, "forbidden");
    acme.post(MODULES + digest + "/tier-up", "").problem(403, "forbidden");
    acme.post(MODULES + digest + "/tier-down", "").problem(403, "forbidden");
  }

  @Test
  void settings_canHaveAllFunctionsOptimized_fromTheFirstCallsOn() {
    operator.put("/v1/tenants/acme/plugins/sums/settings", "{\"tier\":\"optimized\"}").expect(200);
    add();

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> {
          JsonNode rows = operator.get("/v1/engine/native-modules").expect(200).json();
          JsonNode row = rows.path("items").path(0);
          assertThat(currentImage(row).path("tier").asText()).isEqualTo("optimized");
        });
    add();
  }
}
