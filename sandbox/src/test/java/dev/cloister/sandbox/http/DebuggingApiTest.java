package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Debugging is turned on and off for one tenant.
final class DebuggingApiTest {
  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    for (String tenant : List.of("acme", "other")) {
      operator.put("/v1/tenants/" + tenant, "{}").expect(201);
      operator.upload("/v1/tenants/" + tenant + "/plugins/math", Modules.arithmetic()).expect(201);
    }
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private boolean enabled(String tenant) {
    return operator
        .get("/v1/tenants/" + tenant + "/debugging")
        .expect(200)
        .json()
        .path("enabled")
        .booleanValue();
  }

  private List<Boolean> rows(TestClient client) {
    List<Boolean> debugging = new ArrayList<>();
    client
        .get("/v1/engine/native-modules")
        .expect(200)
        .json()
        .path("items")
        .forEach(row -> debugging.add(row.path("debugging").booleanValue()));
    return debugging;
  }

  @Test
  void put_turnsDebuggingOnAndOff_forOneTenant() {
    assertThat(enabled("acme")).isFalse();
    JsonNode state =
        operator.put("/v1/tenants/acme/debugging", "{\"enabled\":true}").expect(200).json();

    assertThat(state.path("enabled").booleanValue()).isTrue();
    assertThat(state.path("pausedGuests").intValue()).isZero();
    assertThat(enabled("acme")).isTrue();
    assertThat(enabled("other")).isFalse();
    assertThat(rows(operator)).containsExactly(true);

    operator.put("/v1/tenants/acme/debugging", "{\"enabled\":true}").expect(200);
    operator.put("/v1/tenants/acme/debugging", "{\"enabled\":false}").expect(200);
    assertThat(enabled("acme")).isFalse();
    assertThat(rows(operator)).containsExactly(false);
    JsonNode audit =
        operator
            .with("Accept", "application/json")
            .get("/v1/events?limit=2")
            .expect(200)
            .json()
            .path("items");
    assertThat(audit.path(0).path("action").asText()).isEqualTo("debugging.stop");
    assertThat(audit.path(1).path("action").asText()).isEqualTo("debugging.start");
    assertThat(audit.path(1).path("tenant").asText()).isEqualTo("acme");
  }

  /// A tenant does not learn that another one debugs a module that they share.
  @Test
  void rows_tellATenantOfItselfOnly() {
    operator.put("/v1/tenants/acme/debugging", "{\"enabled\":true}").expect(200);
    assertThat(rows(server.tenant("other", "tenant-admin"))).containsExactly(false);
    assertThat(rows(server.tenant("acme", "tenant-admin"))).containsExactly(true);
  }

  @Test
  void put_withoutAState_isRefused() {
    operator.put("/v1/tenants/acme/debugging", "{}").problem(400, "invalid-request");
    operator.put("/v1/tenants/acme/debugging", "{\"enabled\":3}").problem(400, "invalid-request");
    operator.put("/v1/tenants/nobody/debugging", "{\"enabled\":true}").problem(404, "not-found");
  }
}
