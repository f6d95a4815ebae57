package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
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

  @Test
  void bodyThatIsStillArriving_isCharged_andGivenBackWhenItsSenderGoes() throws IOException {
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    long idle = usage("memory", "BUFFER");
    assertThat(idle).isZero();
    try (Socket sender = new Socket()) {
      URI url = URI.create(server.url());
      sender.connect(new InetSocketAddress(url.getHost(), url.getPort()));
      sender.getOutputStream().write(request(MATH + "/call/add", 1_000_000));
      sender.getOutputStream().write(new byte[300_000]);
      sender.getOutputStream().flush();
      Awaitility.await().until(() -> usage("memory", "BUFFER") >= 300_000);
    }

    Awaitility.await().until(() -> usage("memory", "BUFFER") == 0);
  }

  @Test
  void bodyForWhichThereIsNoMemory_isRefusedByName() {
    limit("memoryBytes", 1 << 20);
    operator.upload(MATH, Modules.arithmetic()).expect(201);

    JsonNode problem = operator.post(MATH + "/call/add", new byte[2 << 20]).problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("memoryBytes");
    Awaitility.await().until(() -> usage("memory", "BUFFER") == 0);
    call("add", "{\"args\":[1,2]}");
  }

  @Test
  void moreArgumentsThanAnyFunctionTakes_areRefusedBeforeTheyAreObjects() {
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    String many = "{\"args\":[" + "1,".repeat(1_000_000) + "1]}";
    String nested = "{\"args\":[{\"b\":[" + "0,".repeat(20_000) + "0]}]}";

    assertThat(detail(many)).contains("args has more than the 1000");
    assertThat(detail(nested)).contains("lists and objects in args");
    assertThat(usage("memory", "BUFFER")).isZero();
  }

  @Test
  void listAsArgument_isRefusedForWhatItIs() {
    operator.upload(MATH, Modules.arithmetic()).expect(201);

    JsonNode problem =
        operator
            .post(MATH + "/call/add", "{\"args\":[1,[2,{\"x\":[3]}]]}")
            .problem(400, "invalid-arguments");

    assertThat(problem.path("actual").asText()).isEqualTo("an array");
    assertThat(problem.path("argument").asInt()).isEqualTo(1);
  }

  private String detail(String body) {
    return operator
        .post(MATH + "/call/add", body)
        .problem(400, "invalid-request")
        .path("detail")
        .asText();
  }

  private static byte[] request(String path, int length) {
    String head =
        "POST %s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, TestServer.OPERATOR_KEY, length);
    return head.getBytes(StandardCharsets.US_ASCII);
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
