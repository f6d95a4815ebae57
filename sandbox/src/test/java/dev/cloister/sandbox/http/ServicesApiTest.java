package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Configuration, secrets, policy and key-value pairs, as resources and as plugins see them.
@Timeout(240)
final class ServicesApiTest {
  private static final String TENANT = "/v1/tenants/acme/";
  private static final String SECRET = "pa55word-of-the-test";

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
  void config_isReplaced_andThereAfterARestart() {
    admin.put(TENANT + "config", "{\"config\":{\"color\":\"blue\",\"a.b/c\":\"\"}}").expect(200);
    Reply shown = admin.get(TENANT + "config").expect(200);
    assertThat(shown.json().toString())
        .isEqualTo("{\"config\":{\"a.b/c\":\"\",\"color\":\"blue\"}}");
    String tag = shown.header("ETag");

    admin
        .with("If-Match", "\"other\"")
        .put(TENANT + "config", "{}")
        .problem(412, "precondition-failed");
    admin.with("If-Match", tag).put(TENANT + "config", "{\"color\":\"red\"}").expect(200);
    restart();

    assertThat(operator.get(TENANT + "config").json().toString())
        .isEqualTo("{\"config\":{\"color\":\"red\"}}");
  }

  @Test
  void config_thatIsNotAllowed_saysWhy() {
    admin.put(TENANT + "config", "{\"a\":1}").problem(400, "invalid-request");
    admin.put(TENANT + "config", "{\"a\":null}").problem(400, "invalid-request");
    admin.put(TENANT + "config", "{\"a b\":\"\"}").problem(400, "invalid-request");
    admin.put(TENANT + "config", "[]").problem(400, "invalid-request");
    admin.put(TENANT + "config", "{\"a\":\"x\\u0000\"}").problem(400, "invalid-request");
    JsonNode bytes =
        admin
            .put(TENANT + "config", "{\"a\":\"" + "x".repeat(300_000) + "\"}")
            .problem(422, "limit");
    assertThat(bytes.path("limit").asText()).isEqualTo("configBytes");
    StringBuilder many = new StringBuilder("{\"a\":\"\"");
    for (int i = 0; i < 256; i++) {
      many.append(",\"n").append(i).append("\":\"\"");
    }
    JsonNode count = admin.put(TENANT + "config", many + "}").problem(422, "limit");
    assertThat(count.path("limit").asText()).isEqualTo("configValues");
    assertThat(count.path("allowed").asInt()).isEqualTo(256);
  }

  @Test
  void secrets_areMergedAndNeverShown() {
    admin
        .put(TENANT + "secrets", "{\"secrets\":{\"TOKEN\":\"" + SECRET + "\",\"B\":\"b\"}}")
        .expect(200);
    Reply reply = admin.put(TENANT + "secrets", "{\"B\":null,\"C\":\"c\"}").expect(200);

    assertThat(reply.json().path("items").findValuesAsText("name")).containsExactly("C", "TOKEN");
    Reply shown = admin.get(TENANT + "secrets").expect(200);
    assertThat(shown.json().path("items").get(1).path("updatedAt").asText()).contains("T");
    assertThat(shown.text() + reply.text()).doesNotContain(SECRET);
    assertThat(operator.with("Accept", "application/json").get("/v1/events").expect(200).text())
        .contains("secrets.change")
        .contains("TOKEN")
        .doesNotContain(SECRET);
  }

  @Test
  void secrets_onDisk_areEncrypted() throws IOException {
    admin.put(TENANT + "secrets", "{\"TOKEN\":\"" + SECRET + "\"}").expect(200);
    server.close();

    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(bytes).as(file.toString()).doesNotContain(SECRET);
      }
    }
    start();
  }

  @Test
  void secrets_thatAreNotAllowed_areNotRepeated() {
    Reply number = admin.put(TENANT + "secrets", "{\"A\":123454321}");
    number.problem(400, "invalid-request");
    assertThat(number.text()).doesNotContain("123454321");
    JsonNode large =
        admin
            .put(TENANT + "secrets", "{\"A\":\"" + "x".repeat(70_000) + "\"}")
            .problem(422, "limit");
    assertThat(large.path("limit").asText()).isEqualTo("secretBytes");
    admin.put(TENANT + "secrets", "{\"A=\":\"x\"}").problem(400, "invalid-request");
  }

  @Test
  void policy_tenant_canHaveLessButNotMore() {
    JsonNode shown = admin.get(TENANT + "policy").expect(200).json();
    assertThat(shown.path("capabilities").toString())
        .isEqualTo("[\"clock\",\"filesystem\",\"random\"]");
    assertThat(shown.path("onMissingCapability").asText()).isEqualTo("refuse");
    assertThat(shown.path("egress").path("allowedHosts")).isEmpty();

    JsonNode refused =
        admin
            .put(TENANT + "policy", "{\"capabilities\":[\"http\"]}")
            .problem(422, "policy-exceeded");
    assertThat(refused.path("actual").asText()).contains("http");
    operator
        .put(
            TENANT + "policy",
            "{\"capabilities\":[\"http\",\"kv\"],"
                + "\"egress\":{\"allowedHosts\":[\"*.example.com\"]}}")
        .expect(200);
    admin
        .put(TENANT + "policy", "{\"egress\":{\"allowedHosts\":[\"example.org\"]}}")
        .problem(422, "policy-exceeded");
    JsonNode less =
        admin
            .put(
                TENANT + "policy",
                "{\"capabilities\":[\"http\"],\"egress\":{\"allowedHosts\":[\"a.example.com\"]}}")
            .expect(200)
            .json();
    assertThat(less.path("capabilities").toString()).isEqualTo("[\"http\"]");
    assertThat(less.path("allowed").path("capabilities").toString()).isEqualTo("[\"http\",\"kv\"]");
    restart();
    assertThat(operator.get(TENANT + "policy").json()).isEqualTo(less);
  }

  @Test
  void policy_thatIsNotAllowed_saysWhy() {
    for (String policy :
        new String[] {
          "{\"capabilities\":[\"htp\"]}",
          "{\"onMissingCapability\":\"ask\"}",
          "{\"egress\":{\"allowedHosts\":[\"https://a.b\"]}}",
          "{\"egress\":{\"methods\":[\"CONNECT\"]}}",
          "{\"egress\":{\"schemes\":[\"ftp\"]}}",
          "{\"egres\":{}}",
        }) {
      operator.put(TENANT + "policy", policy).problem(400, "invalid-request");
    }
  }

  @Test
  void keyValues_areBytes_withTags() {
    byte[] value = {0, 1, (byte) 0xFF};
    Reply created = put("a/b", value).expect(201);
    String tag = created.header("ETag");
    assertThat(put("a/b", value).expect(204).header("ETag")).isEqualTo(tag);

    Reply shown = admin.get(TENANT + "kv/a/b").expect(200);
    assertThat(shown.body()).isEqualTo(value);
    assertThat(shown.header("ETag")).isEqualTo(tag);
    assertThat(shown.header("Content-Type")).isEqualTo("application/octet-stream");
    admin.with("If-None-Match", tag).get(TENANT + "kv/a/b").expect(304);
    admin.with("If-Match", "\"x\"").delete(TENANT + "kv/a/b").problem(412, "precondition-failed");
    admin.with("If-Match", tag).delete(TENANT + "kv/a/b").expect(204);
    admin.get(TENANT + "kv/a/b").problem(404, "not-found");
    admin.delete(TENANT + "kv/a/b").problem(404, "not-found");
  }

  @Test
  void keyValues_areListedInPages_andThereAfterARestart() {
    for (String key : new String[] {"b", "a/2", "a%2F1", "%C3%A4+%2B"}) {
      put(key, new byte[3]).expect(201);
    }
    restart();

    JsonNode first = operator.get(TENANT + "kv?limit=2").expect(200).json();
    assertThat(first.path("items").findValuesAsText("key")).containsExactly("a/1", "a/2");
    assertThat(first.path("total").asInt()).isEqualTo(4);
    JsonNode second =
        operator.get(TENANT + "kv?limit=2&cursor=" + first.path("next").asText()).json();
    assertThat(second.path("items").findValuesAsText("key")).containsExactly("b", "ä++");
    assertThat(second.path("next").isNull()).isTrue();
    assertThat(
            operator
                .get(TENANT + "kv?prefix=a/")
                .json()
                .path("items")
                .findValuesAsText("sizeBytes"))
        .containsExactly("6", "6");
  }

  @Test
  void keyValues_haveLimits() {
    put("k".repeat(513), new byte[1]).problem(400, "invalid-request");
    put("a%00b", new byte[1]).problem(400, "invalid-request");
    JsonNode large = put("k", new byte[(1 << 20) + 1]).problem(413, "request-too-large");
    assertThat(large.path("limit").asText()).isEqualTo("kvValueBytes");
    operator.put(TENANT + "limits", "{\"limits\":{\"storageBytes\":10}}").expect(200);
    put("k", new byte[9]).expect(201);
    JsonNode full = put("l", new byte[1]).problem(507, "storage-full");
    assertThat(full.path("detail").asText()).contains("storageBytes would be 12; allowed are 10");
    put("k", new byte[5]).expect(204);
    put("l", new byte[1]).expect(201);
    admin.delete(TENANT + "kv/k").expect(204);
    assertThat(usedBytes()).isEqualTo(2);
    admin.delete(TENANT + "kv/l").expect(204);
    assertThat(usedBytes()).isZero();
  }

  @Test
  void plugin_withGrants_readsWhatWasSet() {
    grant("kv", "config", "secrets");
    admin.put(TENANT + "config", "{\"name\":\"from the configuration\"}").expect(200);
    admin.put(TENANT + "secrets", "{\"name\":\"from the secrets\"}").expect(200);
    put("name", "from the store".getBytes(StandardCharsets.UTF_8)).expect(201);
    for (String function : new String[] {"config_get", "secret_get", "kv_get"}) {
      admin
          .upload(TENANT + "plugins/reader-" + function.replace('_', '-'), Modules.reader(function))
          .expect(201);
    }

    assertThat(run("reader-config-get")).isEqualTo("from the configuration");
    assertThat(run("reader-secret-get")).isEqualTo("from the secrets");
    assertThat(run("reader-kv-get")).isEqualTo("from the store");
    put("name", "anew".getBytes(StandardCharsets.UTF_8)).expect(204);
    assertThat(run("reader-kv-get")).isEqualTo("anew");
  }

  @Test
  void plugin_whoseGrantWasTakenAway_isRefused() {
    grant("kv");
    put("name", "kept".getBytes(StandardCharsets.UTF_8)).expect(201);
    admin.upload(TENANT + "plugins/reader", Modules.reader("kv_get")).expect(201);
    assertThat(run("reader")).isEqualTo("kept");

    admin.put(TENANT + "plugins/reader/settings", "{\"capabilities\":[]}").expect(200);
    JsonNode denied =
        admin.post(TENANT + "plugins/reader/run", "").problem(422, "capability-denied");
    assertThat(denied.path("missing").toString()).isEqualTo("{\"kv\":[\"cloister.kv_get\"]}");
    admin.put(TENANT + "plugins/reader/settings", "{\"capabilities\":[\"kv\"]}").expect(200);
    assertThat(run("reader")).isEqualTo("kept");
    grant();
    admin.post(TENANT + "plugins/reader/run", "").problem(422, "capability-denied");
  }

  private void grant(String... capabilities) {
    StringBuilder names = new StringBuilder("\"clock\"");
    for (String capability : capabilities) {
      names.append(",\"").append(capability).append('"');
    }
    operator.put(TENANT + "policy", "{\"capabilities\":[" + names + "]}").expect(200);
  }

  private String run(String plugin) {
    return admin.post(TENANT + "plugins/" + plugin + "/run", "").expect(200).text();
  }

  private Reply put(String key, byte[] value) {
    return admin.send(
        "PUT", TENANT + "kv/" + key, BodyPublishers.ofByteArray(value), "application/x-anything");
  }

  private long usedBytes() {
    JsonNode usage = admin.get(TENANT + "usage").expect(200).json();
    return usage.path("usage").path("storageBytes").asLong();
  }

  private void restart() {
    server.close();
    server = TestServer.start(folder);
    operator = server.operator();
  }
}
