package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a tenant makes the server hold besides its instances, as its usage shows it.
final class LedgerApiTest {
  private static final String TENANT = "/v1/tenants/acme";
  private static final String MATH = TENANT + "/plugins/math";

  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put(TENANT, "{}").expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void moduleWithMoreCodeThanAllowed_isRefused_andChargesNothing() {
    limit("codeBytes", 1_000);

    JsonNode problem = operator.upload(MATH, Modules.arithmetic()).problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("codeBytes");
    assertThat(problem.path("used").asLong()).isGreaterThan(1_000);
    assertThat(problem.path("allowed").asLong()).isEqualTo(1_000);
    assertThat(usage("usage", "codeBytes")).isZero();
    assertThat(usage("usage", "memoryBytes")).isZero();

    limit("codeBytes", problem.path("used").asLong());
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    assertThat(usage("usage", "codeBytes")).isEqualTo(problem.path("used").asLong());
    assertThat(usage("memory", "CODE_SHARE")).isEqualTo(problem.path("used").asLong());
    operator.upload(MATH, Modules.arithmetic()).expect(200);
  }

  @Test
  void removedPlugin_givesItsCodeBack() {
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    call("add", "{\"args\":[1,2]}");

    operator.delete(MATH).expect(204);

    Awaitility.await().until(() -> usage("usage", "memoryBytes") == 0);
    assertThat(usage("usage", "codeBytes")).isZero();
  }

  @Test
  void debuggingCode_isRefused_whereTheLimitHasNoRoomForIt() {
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    long code = usage("usage", "codeBytes");
    limit("codeBytes", code);
    operator.put(TENANT + "/debugging", "{\"enabled\":true}").expect(200);

    JsonNode problem = operator.post(MATH + "/call/add", "{\"args\":[1,2]}").problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("codeBytes");
    assertThat(usage("usage", "codeBytes")).isEqualTo(code);
    operator.put(TENANT + "/debugging", "{\"enabled\":false}").expect(200);
    call("add", "{\"args\":[1,2]}");
    limit("codeBytes", 100 * code);
    operator.put(TENANT + "/debugging", "{\"enabled\":true}").expect(200);
    call("add", "{\"args\":[1,2]}");
    assertThat(usage("usage", "codeBytes")).isGreaterThan(code);
  }

  @Test
  void codeThatCountsFuel_isChargedBesides() {
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    long code = usage("usage", "codeBytes");
    limit("fuelPerCall", 1_000);

    call("add", "{\"args\":[1,2]}");

    assertThat(usage("usage", "codeBytes")).isGreaterThan(code);
  }

  @Test
  void logLines_areCharged() {
    operator.upload(TENANT + "/plugins/chatty", Modules.command(2, "0123456789\n", 0)).expect(201);
    assertThat(usage("memory", "LOG")).isZero();

    operator.post(TENANT + "/plugins/chatty/run", new byte[0]).expect(200);

    assertThat(usage("memory", "LOG")).isEqualTo(96 + 2 * 10);
  }

  private void call(String export, String body) {
    operator.post(MATH + "/call/" + export, body).expect(200);
  }

  private void limit(String name, long value) {
    operator.put(TENANT, "{\"limits\":{\"" + name + "\":" + value + "}}").expect(200);
  }

  private long usage(String group, String name) {
    JsonNode value = operator.get(TENANT + "/usage").expect(200).json().path(group).path(name);
    assertThat(value.isNumber()).as(group + "." + name).isTrue();
    return value.asLong();
  }
}
