package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a tenant used is counted by hours and outlives the server.
final class UsageApiTest {
  private static final String USAGE = "/v1/tenants/acme/usage";
  private static final String CALL = "/v1/tenants/acme/plugins/math/call/";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient admin;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    admin = server.tenant("acme", "tenant-admin");
    admin.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private JsonNode total() {
    return server.operator().get(USAGE).expect(200).json().path("total");
  }

  @Test
  void calls_areCounted_withTheirErrorsTimeAndAnswers() {
    int bytes = 0;
    for (int i = 0; i < 3; i++) {
      bytes += admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200).body().length;
    }
    bytes += admin.post(CALL + "trap", "{}").problem(422, "trap").toString().length();

    JsonNode usage = admin.get(USAGE).expect(200).json();

    JsonNode total = usage.path("total");
    assertThat(total.path("invocations").asLong()).isEqualTo(4);
    assertThat(total.path("errors").asLong()).isEqualTo(1);
    assertThat(total.path("egressBytes").asLong()).isGreaterThanOrEqualTo(bytes / 2);
    long counted = 0;
    for (JsonNode hour : usage.path("hours")) {
      counted += hour.path("invocations").asLong();
      assertThat(Instant.parse(hour.path("hour").asText()).truncatedTo(ChronoUnit.HOURS))
          .isEqualTo(Instant.parse(hour.path("hour").asText()));
    }
    assertThat(counted).isEqualTo(4);
    assertThat(usage.path("usage").path("plugins").asInt()).isEqualTo(1);
  }

  @Test
  void usage_outlivesTheServer_andIsCountedOnce() {
    admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200);
    assertThat(total().path("invocations").asLong()).isEqualTo(1);
    admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200);

    server.close();
    server = TestServer.start(folder);

    assertThat(total().path("invocations").asLong()).isEqualTo(2);
    assertThat(total().path("invocations").asLong()).isEqualTo(2);
  }

  @Test
  void memoryThatIsHeld_isCounted() {
    server.operator().put("/v1/tenants/acme", "{\"limits\":{\"deadlineMillis\":3000}}").expect(200);
    admin.post(CALL + "spin", "{}").problem(504, "deadline");

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          assertThat(total().path("gbSeconds").asDouble()).isPositive();
          assertThat(total().path("cpuMillis").asLong()).isPositive();
        });
  }

  @Test
  void tenantOfAnOldName_startsAtZero() {
    admin.post(CALL + "add", "{\"args\":[1,2]}").expect(200);
    assertThat(total().path("invocations").asLong()).isEqualTo(1);

    server.operator().delete("/v1/tenants/acme").expect(204);
    server.operator().put("/v1/tenants/acme", "{}").expect(201);

    assertThat(total().path("invocations").asLong()).isZero();
  }

  @Test
  void range_isChecked() {
    JsonNode past =
        admin.get(USAGE + "?from=2026-01-01T00:10:00Z&to=2026-01-02T00:10:00Z").expect(200).json();
    assertThat(past.path("from").asText()).isEqualTo("2026-01-01T00:00:00Z");
    assertThat(past.path("to").asText()).isEqualTo("2026-01-02T01:00:00Z");
    assertThat(past.path("hours")).isEmpty();
    for (String query :
        new String[] {
          "from=yesterday",
          "to=2026-01-01",
          "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
          "from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
          "to=%2B999999999-01-01T00:00:00Z"
        }) {
      admin.get(USAGE + "?" + query).problem(400, "invalid-request");
    }
  }
}
