package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// The document for reports: whole, for the operator alone, and without anything that is secret.
final class DiagnosticsApiTest {
  private static final String PATH = "/v1/diagnostics";
  private static final String MARK = "geheimnis";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private TestServer server;
  private TestClient operator;
  private TestClient admin;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    admin = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void document_hasWhatAReportNeeds() {
    LoggerFactory.getLogger("somewhere.Part")
        .error("event=test-fault trace={} what=\"{}\"", "0123", MARK);

    Reply reply = operator.get(PATH).expect(200);

    assertThat(reply.header("content-disposition")).startsWith("attachment");
    JsonNode document = reply.json();
    assertThat(document.path("server").path("version").asText()).isNotEmpty();
    assertThat(document.path("java").path("version").asText()).startsWith("25");
    assertThat(document.path("health").path("status").asText()).isNotEmpty();
    assertThat(document.path("storage").path("database").asText()).isEqualTo("sqlite");
    assertThat(document.path("storage").path("freeBytes").asLong()).isPositive();
    assertThat(document.path("statistics").path("tenants").asInt()).isEqualTo(1);
    assertThat(document.path("memory").path("pools").findValuesAsText("name"))
        .contains("Metaspace");
    assertThat(document.path("deadlockedThreads").asInt()).isZero();
    JsonNode error = document.path("errors").get(document.path("errors").size() - 1);
    assertThat(error.path("event").asText()).isEqualTo("test-fault");
    assertThat(error.path("trace").asText()).isEqualTo("0123");
    assertThat(error.path("exception").isNull()).isTrue();
    assertThat(reply.text()).doesNotContain(MARK);
  }

  @Test
  void threads_showOurCode_butOfGuestsOnlyThatTheyRun() throws InterruptedException {
    admin.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);
    String running =
        admin
            .with("Prefer", "respond-async")
            .post("/v1/tenants/acme/plugins/math/call/spin", "{}")
            .expect(202)
            .header("location");

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          String threads = operator.get(PATH).expect(200).json().path("threads").toString();
          assertThat(threads).contains("(guest code)").contains("dev.cloister.isolate");
          assertThat(threads).doesNotContain("dev.cloister.generated");
        });
    JsonNode queues = operator.get(PATH).expect(200).json().path("queues");
    assertThat(queues.path("busiestTenants").get(0).path("inFlight").asInt()).isEqualTo(1);
    assertThat(queues.path("runningGuests").asInt()).isPositive();
    admin.delete(running).expect(204);
  }

  @Test
  void secretsAndBytesOfGuests_areNotInIt() {
    String plugins = "/v1/tenants/acme/plugins/";
    admin.put("/v1/tenants/acme/secrets", "{\"s\":\"" + MARK + "\"}").expect(200);
    admin.put("/v1/tenants/acme/config", "{\"c\":\"" + MARK + "\"}").expect(200);
    admin.upload(plugins + "noisy", Modules.command(2, MARK, 3)).expect(201);
    admin.put(plugins + "noisy/settings", "{\"environment\":{\"E\":\"" + MARK + "\"}}").expect(200);
    admin
        .post(plugins + "noisy/run?arg=" + MARK, MARK.getBytes(StandardCharsets.UTF_8))
        .expect(422);
    operator.with("Authorization", "Bearer " + MARK).get(PATH).expect(401);

    String text = operator.get(PATH).expect(200).text();

    assertThat(text).doesNotContain(MARK).doesNotContain(TestServer.OPERATOR_KEY);
  }

  @Test
  void others_doNotGetIt() {
    admin.get(PATH).problem(403, "forbidden");
    server.client(null).get(PATH).problem(401, "unauthorized");
  }
}
