package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.sandbox.fixture.EventReader;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compilations as they are seen and ended over HTTP, and the limits of modules.
final class CompileJobsApiTest {
  private static final String JOBS = "/v1/engine/compile-jobs";
  private static final String MATH = "/v1/tenants/acme/plugins/math";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient acme;
  private TestClient globex;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    acme = server.tenant("acme", "tenant-admin");
    globex = server.tenant("globex", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /// An upload that has sent `sent` of its bytes and waits.
  private Socket begin(byte[] module, int sent) throws IOException {
    URI address = URI.create(server.url());
    Socket socket = new Socket(address.getHost(), address.getPort());
    socket.setSoTimeout(30_000);
    String head =
        "PUT "
            + MATH
            + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer "
            + TestServer.OPERATOR_KEY
            + "\r\nContent-Type: application/wasm\r\nContent-Length: "
            + module.length
            + "\r\n\r\n";
    OutputStream out = socket.getOutputStream();
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(module, 0, sent);
    out.flush();
    return socket;
  }

  private static String answer(Socket socket) throws IOException {
    byte[] bytes = new byte[4_096];
    int size = 0;
    String text = "";
    while (!text.contains("}")) {
      int read = socket.getInputStream().read(bytes, size, bytes.length - size);
      if (read < 0) {
        break;
      }
      size += read;
      text = new String(bytes, 0, size, StandardCharsets.US_ASCII);
    }
    return text;
  }

  private JsonNode onlyJob(TestClient client) {
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> {
          JsonNode items = client.get(JOBS).expect(200).json().path("items");
          return items.size() == 1 && items.get(0).path("receivedBytes").asInt() > 0;
        });
    return client.get(JOBS).json().path("items").get(0);
  }

  @Test
  void job_isSeenByItsTenant_andCancelled_theUploadSaysSo() throws IOException {
    byte[] module = Modules.arithmetic();
    try (Socket upload = begin(module, module.length - 1)) {
      JsonNode job = onlyJob(acme);
      assertThat(job.path("tenant").asText()).isEqualTo("acme");
      assertThat(job.path("plugin").asText()).isEqualTo("math");
      assertThat(job.path("mode").asText()).isEqualTo("streaming");
      assertThat(job.path("state").asText()).isEqualTo("receiving");
      assertThat(job.path("receivedBytes").asInt()).isEqualTo(module.length - 1);
      assertThat(job.path("digest").isNull()).isTrue();
      String id = job.path("id").asText();
      assertThat(globex.get(JOBS).expect(200).json().path("items")).isEmpty();
      globex.delete(JOBS + "/" + id).problem(404, "not-found");
      acme.delete(JOBS + "/none").problem(404, "not-found");
      server.tenant("acme", "invoker").get(JOBS).problem(403, "forbidden");
      JsonNode running = server.operator().get("/v1/engine/statistics").json();
      assertThat(running.path("compileJobs").path("running").asInt()).isEqualTo(1);
      assertThat(running.path("engineMemory").path("compileJobs").asLong()).isPositive();

      acme.delete(JOBS + "/" + id).expect(204);

      String answer = answer(upload);
      assertThat(answer).startsWith("HTTP/1.1 409").contains("compilation-cancelled");
      assertThat(answer).contains("by request").contains("\"job\":\"" + id + "\"");
      acme.delete(JOBS + "/" + id).problem(404, "not-found");
    }
    assertThat(acme.get(JOBS).json().path("items")).isEmpty();
    acme.get(MATH).problem(404, "not-found");
    JsonNode audit =
        server.operator().with("Accept", "application/json").get("/v1/events?limit=1").json();
    assertThat(audit.path("items").get(0).path("action").asText()).isEqualTo("compilation.cancel");
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            acme.get("/v1/tenants/acme/usage").json().path("usage").path("memoryBytes").asInt()
                == 0);
    acme.upload(MATH, module).expect(201);
  }

  @Test
  void upload_whosePluginOrTenantIsDeleted_ends() throws IOException {
    byte[] module = Modules.arithmetic("one");
    acme.upload(MATH, module).expect(201);
    byte[] next = Modules.arithmetic("two");
    try (Socket upload = begin(next, next.length - 1)) {
      onlyJob(acme);
      acme.delete(MATH).expect(204);
      assertThat(answer(upload)).contains("compilation-cancelled").contains("was removed");
    }
    try (Socket upload = begin(next, next.length - 1)) {
      onlyJob(acme);
      server.operator().delete("/v1/tenants/acme").expect(204);
      // Whatever the compilation ended with, the tenant is gone.
      assertThat(answer(upload)).contains("not-found").contains("\"acme\"");
    }
    assertThat(server.operator().get(JOBS).json().path("items")).isEmpty();
    assertThat(server.operator().get("/v1/engine/native-modules").json().path("items")).isEmpty();
  }

  @Test
  void stream_hasTheJobsOfTheTenant() {
    Map<String, String> headers = Map.of("Accept", "text/event-stream");
    try (EventReader events = EventReader.open(server.url() + "/v1/engine/events", headers)) {
      assertThat(events.next().name()).isEqualTo("statistics");
      acme.upload(MATH, Modules.arithmetic()).expect(201);

      EventReader.Event first = events.next(event -> event.name().equals("compile-job"));
      assertThat(first.data().path("state").asText()).isEqualTo("receiving");
      EventReader.Event last =
          events.next(event ->
              event.name().equals("compile-job")
                  && event.data().path("state").asText().equals("done"));
      assertThat(last.data().path("id")).isEqualTo(first.data().path("id"));
      assertThat(last.data().path("digest").asText()).startsWith("sha256:");
      assertThat(last.data().path("validatedFunctions").asInt())
          .isEqualTo(last.data().path("functions").asInt())
          .isPositive();
    }
  }

  @Test
  void metrics_countEachCompilationOnce() {
    acme.upload(MATH, Modules.arithmetic()).expect(201);
    globex.upload("/v1/tenants/globex/plugins/math", Modules.arithmetic()).expect(201);
    acme.upload(MATH, new byte[] {0, 'a', 's', 'm', 9, 9, 9, 9}).problem(422, "invalid-module");
    acme.post(MATH + "/call/add", "{\"args\":[1,2]}").expect(200);

    String metrics = server.operator().get("/metrics").expect(200).text();

    String name = "cloister_engine_compilations_total";
    assertThat(metrics)
        .contains(name + "{cached=\"false\",mode=\"streaming\",result=\"ok\"} 1\n")
        .contains(name + "{cached=\"true\",mode=\"streaming\",result=\"ok\"} 1\n")
        .contains(name + "{cached=\"false\",mode=\"streaming\",result=\"failed\"} 1\n")
        .contains("cloister_engine_compile_jobs 0\n")
        .contains("cloister_engine_instantiations_total{result=\"ok\"} 1\n");
    JsonNode statistics = server.operator().get("/v1/engine/statistics").json();
    assertThat(statistics.path("compileJobs").path("finished").asInt()).isEqualTo(2);
    assertThat(statistics.path("compileJobs").path("failed").asInt()).isEqualTo(1);
    JsonNode memory = statistics.path("engineMemory");
    assertThat(memory.path("total").asLong()).isGreaterThan(memory.path("modules").asLong());
  }

  // Limits.

  private void limit(String limit, long value) {
    server
        .operator()
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"" + limit + "\":" + value + "}}")
        .expect(200);
  }

  @Test
  void modules_pastALimitOfTheTenant_areRefused() {
    globex.upload("/v1/tenants/globex/plugins/math", Modules.arithmetic()).expect(201);
    for (String limit : new String[] {"functionsPerModule", "typesPerModule"}) {
      limit(limit, 0);
      JsonNode problem = acme.upload(MATH, Modules.arithmetic()).problem(422, "limit");
      assertThat(problem.path("limit").asText()).isEqualTo(limit);
      assertThat(problem.path("used").asInt()).isPositive();
      assertThat(problem.path("allowed").asInt()).isZero();
      limit(limit, 1_000);
    }
    acme.upload(MATH, Modules.arithmetic()).expect(201);
  }

  @Test
  void module_thatTakesTooLongToCompile_isRefused() {
    limit("compileMillis", 1);
    JsonNode problem = acme.upload(MATH, Modules.laborious()).problem(422, "limit");
    assertThat(problem.path("limit").asText()).isEqualTo("compileMillis");
    assertThat(problem.path("allowed").asInt()).isEqualTo(1);
    assertThat(problem.path("used").asInt()).isGreaterThan(1);
  }

  @Test
  void modules_pastALimitOfTheServer_areRefused() {
    try (TestServer small =
        TestServer.start(
            folder.resolve("small"),
            config ->
                config.withEngine(
                    config
                        .engine()
                        .withModuleLimits(
                            config.engine().moduleLimits().with(WasmLimit.EXPORTS, 0))))) {
      JsonNode problem =
          small
              .tenant("acme", "tenant-admin")
              .upload(MATH, Modules.arithmetic())
              .problem(422, "limit");
      assertThat(problem.path("limit").asText()).isEqualTo("number of exports");
      assertThat(problem.path("allowed").asInt()).isZero();
    }
  }
}
