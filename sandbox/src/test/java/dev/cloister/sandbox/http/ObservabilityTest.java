package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an operator can see of a server: its figures, its readiness and flight recordings.
final class ObservabilityTest {
  private static final String CALL = "/v1/tenants/acme/plugins/math/call/";

  /// A line of the text form that Prometheus reads: a name, labels and a number.
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-z_][a-z0-9_]*)(\\{[a-z_]+=\"[^\"]*\"(?:,[a-z_]+=\"[^\"]*\")*})? [0-9.eE+-]+");

  @TempDir private Path folder;
  private TestServer server;
  private TestClient admin;

  @BeforeEach
  void start() {
    server = TestServer.start(folder.resolve("data"));
    admin = server.tenant("acme", "tenant-admin");
    admin.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void metrics_haveTheAgreedNames_andEachIsDescribedOnce() {
    admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200);
    admin.post(CALL + "trap", "{}").problem(422, "trap");

    String text = server.operator().get("/metrics").expect(200).text();

    Set<String> described = new HashSet<>();
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("# TYPE ")) {
        assertThat(described.add(line.split(" ", -1)[2])).as(line).isTrue();
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        Matcher sample = SAMPLE.matcher(line);
        assertThat(sample.matches()).as(line).isTrue();
        String name = sample.group(1);
        String base = name.replaceAll("_(bucket|sum|count)$", "");
        assertThat(described.contains(name) || described.contains(base)).as(line).isTrue();
      }
    }
    assertThat(described)
        .contains(
            "cloister_invocations_total",
            "cloister_invocation_duration_seconds",
            "cloister_invocation_queue_seconds",
            "cloister_isolate_memory_bytes",
            "cloister_isolate_cpu_seconds_total",
            "cloister_native_modules",
            "cloister_native_module_refs",
            "cloister_code_bytes",
            "cloister_metadata_bytes",
            "cloister_code_gc_total",
            "cloister_code_gc_freed_bytes_total",
            "cloister_compile_seconds",
            "cloister_module_cache_hits_total",
            "cloister_log_lines_dropped_total");
    assertThat(text)
        .contains("cloister_invocations_total{tenant=\"acme\",outcome=\"ok\"} 1\n")
        .contains("cloister_invocations_total{tenant=\"acme\",outcome=\"trap\"} 1\n");
  }

  @Test
  void metrics_haveTheFuel_ofTenantsWhoseFuelIsCounted() {
    admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200);
    assertThat(server.operator().get("/metrics").text()).doesNotContain("cloister_fuel_total{");
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"fuelPerCall\":1000}}")
        .expect(200);

    admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200);
    String first = fuel();
    admin.post(CALL + "add", "{\"args\":[3,4]}").expect(200);

    // Three instructions, counted exactly, whatever the arguments are.
    assertThat(first).isEqualTo("3");
    assertThat(fuel()).isEqualTo("6");
    admin.post(CALL + "spin", "{}").problem(422, "limit");
    assertThat(fuel()).isEqualTo("1006");
  }

  private String fuel() {
    Matcher sample =
        Pattern.compile("cloister_fuel_total\\{tenant=\"acme\"} ([0-9]+)\n")
            .matcher(server.operator().get("/metrics").text());
    assertThat(sample.find()).isTrue();
    return sample.group(1);
  }

  @Test
  void metrics_ofManyTenants_haveBoundedLabels() {
    for (int i = 0; i < 120; i++) {
      server.operator().put("/v1/tenants/tenant-" + i, "{}").expect(201);
    }

    String text = server.operator().get("/metrics").text();

    Set<String> tenants = new HashSet<>();
    Matcher label = Pattern.compile("tenant=\"([^\"]*)\"").matcher(text);
    while (label.find()) {
      tenants.add(label.group(1));
    }
    assertThat(tenants).hasSizeLessThanOrEqualTo(101).contains("_other", "acme");
  }

  @Test
  void readiness_saysWhatWasChecked() throws IOException {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> server.client(null).get("/readyz").expect(200));
    JsonNode ready = server.client(null).get("/readyz").json();
    assertThat(ready.path("status").asText()).isEqualTo("ready");
    for (String part : List.of("database", "engine", "eventLoops", "storage")) {
      assertThat(ready.path("checks").path(part).asText()).as(part).isEqualTo("ok");
    }

    // A folder of this name cannot be written to, whoever runs the test.
    Path probe = folder.resolve("data/probe");
    Files.deleteIfExists(probe);
    Files.createDirectory(probe);

    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> {
          Reply reply = server.client(null).get("/readyz").expect(503);
          assertThat(reply.json().path("status").asText()).isEqualTo("failing");
          assertThat(reply.json().path("checks").path("storage").asText()).contains("data folder");
        });
    server.client(null).get("/healthz").expect(200);
    Files.delete(probe);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> server.client(null).get("/readyz").expect(200));
  }

  @Test
  void flightRecording_hasCallsAndCompilations() throws IOException {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("cloister.Call");
      recording.enable("cloister.Compilation");
      recording.start();
      admin.upload("/v1/tenants/acme/plugins/other", Modules.arithmetic("other")).expect(201);
      admin.post(CALL + "trap", "{}").problem(422, "trap");
      recording.stop();
      recording.dump(file);
    }

    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertThat(events)
        .anySatisfy(event -> {
          assertThat(event.getEventType().getName()).isEqualTo("cloister.Call");
          assertThat(event.getString("tenant")).isEqualTo("acme");
          assertThat(event.getString("plugin")).isEqualTo("math");
          assertThat(event.getString("outcome")).isEqualTo("trap");
          assertThat(event.getDuration("wholeNanos")).isPositive();
        })
        .anySatisfy(event -> {
          assertThat(event.getEventType().getName()).isEqualTo("cloister.Compilation");
          assertThat(event.getString("tenant")).isEqualTo("acme");
          assertThat(event.getBoolean("isSuccess")).isTrue();
        });
  }
}
