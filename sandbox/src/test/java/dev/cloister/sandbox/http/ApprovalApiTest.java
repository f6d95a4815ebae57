package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Uploads that need more than their tenant was granted.
@Timeout(240)
final class ApprovalApiTest {
  private static final String TENANT = "/v1/tenants/acme/";
  private static final String READER = TENANT + "plugins/reader";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient operator;
  private TestClient admin;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    operator = server.operator();
    admin = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void upload_thatNeedsMore_isRefused_andLeavesNothing() {
    JsonNode refused =
        admin.upload(READER, Modules.reader("kv_get")).problem(422, "capability-denied");

    assertThat(refused.path("missing").toString()).isEqualTo("{\"kv\":[\"cloister.kv_get\"]}");
    admin.get(READER).problem(404, "not-found");
    operator.put(TENANT + "policy", "{\"capabilities\":[\"kv\"]}").expect(200);
    JsonNode uploaded = admin.upload(READER, Modules.reader("kv_get")).expect(201).json();
    assertThat(uploaded.path("state").asText()).isEqualTo("active");
    assertThat(uploaded.path("capabilities").toString())
        .isEqualTo(
            "{\"needed\":{\"kv\":[\"cloister.kv_get\"]},\"granted\":[\"kv\"],\"missing\":[]}");
  }

  @Test
  void upload_thatIsParked_waitsForApproval_alsoOverARestart() {
    operator.put(TENANT + "policy", "{\"onMissingCapability\":\"park\"}").expect(200);
    JsonNode parked = admin.upload(READER, Modules.reader("config_get")).expect(202).json();
    String version = READER + "/versions/" + parked.path("version").asText();

    assertThat(parked.path("state").asText()).isEqualTo("pending-approval");
    assertThat(parked.path("live").asBoolean()).isFalse();
    assertThat(parked.path("capabilities").path("missing").toString()).isEqualTo("[\"config\"]");
    assertThat(admin.upload(READER, Modules.reader("config_get")).expect(202).json()).isNotNull();
    restart();

    assertThat(admin.get(version).expect(200).json().path("state").asText())
        .isEqualTo("pending-approval");
    String digest = parked.path("version").asText();
    admin.post(READER + "/run?version=" + digest, "").problem(422, "capability-denied");
    admin
        .put(
            READER + "/aliases/live",
            "{\"targets\":[{\"version\":\"" + digest + "\",\"weight\":1}]}")
        .problem(422, "capability-denied");
    admin.post(version + "/approve", "").problem(403, "forbidden");
    JsonNode approved = operator.post(version + "/approve", "").expect(200).json();
    assertThat(approved.path("state").asText()).isEqualTo("active");
    assertThat(approved.path("live").asBoolean()).isTrue();
    operator.post(version + "/approve", "").problem(409, "conflict");
    admin.put(TENANT + "config", "{\"name\":\"approved\"}").expect(200);
    restart();

    assertThat(admin.post(READER + "/run", "").expect(200).text()).isEqualTo("approved");
    assertThat(admin.get(TENANT + "policy").json().path("capabilities").toString())
        .contains("config");
    assertThat(operator.with("Accept", "application/json").get("/v1/events").text())
        .contains("plugin.park")
        .contains("version.approve")
        .contains("grants [config]");
  }

  @Test
  void parkedVersion_whoseGrantCame_isAnOrdinaryUpload() {
    operator.put(TENANT + "policy", "{\"onMissingCapability\":\"park\"}").expect(200);
    admin.upload(READER, Modules.reader("kv_get")).expect(202);
    operator.put(TENANT + "policy", "{\"capabilities\":[\"kv\"]}").expect(200);

    JsonNode uploaded = admin.upload(READER, Modules.reader("kv_get")).expect(200).json();

    assertThat(uploaded.path("state").asText()).isEqualTo("active");
    assertThat(uploaded.path("live").asBoolean()).isTrue();
  }

  @Test
  void plugin_thatWasParked_canBeDeletedAndUploadedAgain() {
    operator.put(TENANT + "policy", "{\"onMissingCapability\":\"park\"}").expect(200);
    admin.upload(READER, Modules.reader("kv_get")).expect(202);
    admin.delete(READER).expect(204);

    assertThat(admin.upload(READER, Modules.reader("kv_get")).expect(202).json().path("state"))
        .isNotNull();
    admin.upload(TENANT + "plugins/math", Modules.arithmetic()).expect(201);
  }

  private void restart() {
    server.close();
    server = TestServer.start(folder);
    operator = server.operator();
    admin = server.tenant("acme", "tenant-admin");
  }
}
