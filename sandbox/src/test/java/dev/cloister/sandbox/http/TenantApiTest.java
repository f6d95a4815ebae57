package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tenants, their limits, keys and plugins as resources.
final class TenantApiTest {
  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void put_createsThenChanges() {
    JsonNode created = operator.put("/v1/tenants/acme", "{\"limits\":{}}").expect(201).json();
    assertThat(created.path("tenant").asText()).isEqualTo("acme");
    assertThat(created.path("state").asText()).isEqualTo("active");

    operator.put("/v1/tenants/acme", "{\"limits\":{\"plugins\":3}}").expect(200);

    JsonNode limits = operator.get("/v1/tenants/acme/limits").expect(200).json();
    assertThat(limits.path("limits").path("plugins").asInt()).isEqualTo(3);
    assertThat(limits.path("set").toString()).isEqualTo("{\"plugins\":3}");
    operator
        .with("If-None-Match", "*")
        .put("/v1/tenants/acme", "{}")
        .problem(412, "precondition-failed");
  }

  @Test
  void put_withWrongNameOrLimit_saysWhatIsAllowed() {
    JsonNode name = operator.put("/v1/tenants/Acme", "{}").problem(400, "invalid-request");
    assertThat(name.path("allowed").asText()).isEqualTo("[a-z0-9][a-z0-9-]{0,62}");

    JsonNode typo =
        operator
            .put("/v1/tenants/acme", "{\"limits\":{\"plugin\":3}}")
            .problem(422, "invalid-limit");
    assertThat(typo.path("detail").asText()).contains("\"plugins\"");
    JsonNode range =
        operator
            .put("/v1/tenants/acme", "{\"limits\":{\"deadlineMillis\":1}}")
            .problem(422, "invalid-limit");
    assertThat(range.path("allowed").path("minimum").asInt()).isEqualTo(10);
    operator
        .put("/v1/tenants/acme", "{\"limits\":{\"plugins\":\"3\"}}")
        .problem(400, "invalid-request");
    operator.get("/v1/tenants/acme").problem(404, "not-found");
  }

  @Test
  void list_pagesAndFilters() {
    for (int i = 10; i < 35; i++) {
      operator.put("/v1/tenants/t" + i, "{}").expect(201);
    }
    operator.post("/v1/tenants/t20/suspend", "").expect(200);

    List<String> names = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = operator.get("/v1/tenants?limit=10" + cursor).expect(200).json();
      page.path("items").forEach(item -> names.add(item.path("tenant").asText()));
      assertThat(page.path("total").asInt()).isEqualTo(25);
      cursor = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asText();
    } while (!cursor.isEmpty());

    assertThat(names).hasSize(25).isSorted().doesNotHaveDuplicates();
    assertThat(operator.get("/v1/tenants?q=t3").json().path("items")).hasSize(5);
    assertThat(operator.get("/v1/tenants?state=suspended").json().path("items")).hasSize(1);
    operator.get("/v1/tenants?sort=-calls").expect(200);
    operator.get("/v1/tenants?sort=age").problem(400, "invalid-request");
    operator.get("/v1/tenants?limit=0").problem(400, "invalid-request");
    operator.get("/v1/tenants?cursor=%21").problem(400, "invalid-request");
  }

  @Test
  void roles_seeAndDoWhatTheyMay() {
    TestClient admin = server.tenant("acme", "tenant-admin");
    TestClient invoker = server.tenant("acme", "invoker");
    server.tenant("globex", "tenant-admin");

    admin.get("/v1/tenants/acme").expect(200);
    invoker.get("/v1/tenants/acme").problem(403, "forbidden");
    admin.get("/v1/tenants/globex").problem(404, "not-found");
    admin.get("/v1/tenants/nobody").problem(404, "not-found");
    admin.get("/v1/tenants").problem(403, "forbidden");
    admin.put("/v1/tenants/acme", "{}").problem(403, "forbidden");
    admin.put("/v1/tenants/acme/limits", "{\"limits\":{}}").problem(403, "forbidden");
    admin.get("/v1/events").problem(403, "forbidden");
    admin.get("/metrics").problem(403, "forbidden");
    invoker.get("/v1/tenants/acme/plugins").expect(200);
    server.client(null).get("/v1/tenants").problem(401, "unauthorized");
  }

  @Test
  void keys_areShownOnce_andRefusedOnceDeleted() {
    operator.put("/v1/tenants/acme", "{}").expect(201);
    Reply created =
        operator.post("/v1/tenants/acme/keys", "{\"role\":\"tenant-admin\"}").expect(201);
    String id = created.json().path("id").asText();
    TestClient holder = server.client(created.json().path("key").asText());
    holder.get("/v1/tenants/acme").expect(200);

    Reply list = operator.get("/v1/tenants/acme/keys").expect(200);
    assertThat(list.text()).doesNotContain(created.json().path("key").asText());
    assertThat(list.json().path("items").get(0).path("lastUsedAt").asText()).isNotEmpty();

    operator.delete("/v1/tenants/acme/keys/" + id).expect(204);

    holder.get("/v1/tenants/acme").problem(401, "unauthorized");
    operator.delete("/v1/tenants/acme/keys/" + id).problem(404, "not-found");
    operator
        .post("/v1/tenants/acme/keys", "{\"role\":\"operator\"}")
        .problem(400, "invalid-request");
  }

  @Test
  void delete_removesEverything_andTheNameIsFreeAgain() {
    TestClient admin = server.tenant("acme", "tenant-admin");
    admin.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);

    operator.delete("/v1/tenants/acme").expect(204);

    admin.get("/v1/tenants/acme").problem(401, "unauthorized");
    operator.get("/v1/tenants/acme").problem(404, "not-found");
    assertThat(operator.get("/v1/engine/native-modules").json().path("items")).isEmpty();
    operator.put("/v1/tenants/acme", "{}").expect(201);
    assertThat(operator.get("/v1/tenants/acme/plugins").json().path("items")).isEmpty();
  }

  @Test
  void sameBytesOfTwoTenants_areOneNativeModule_untilBothAreGone() {
    TestClient acme = server.tenant("acme", "tenant-admin");
    TestClient globex = server.tenant("globex", "tenant-admin");
    acme.upload("/v1/tenants/acme/plugins/a", Modules.arithmetic()).expect(201);
    globex.upload("/v1/tenants/globex/plugins/b", Modules.arithmetic()).expect(201);

    JsonNode modules = operator.get("/v1/engine/native-modules").expect(200).json().path("items");
    assertThat(modules).hasSize(1);
    assertThat(modules.get(0).path("references").asInt()).isEqualTo(2);
    assertThat(modules.get(0).path("tenants").toString()).isEqualTo("[\"acme\",\"globex\"]");
    JsonNode own = acme.get("/v1/engine/native-modules").expect(200).json().path("items");
    assertThat(own.get(0).path("tenants").toString()).isEqualTo("[\"acme\"]");

    acme.delete("/v1/tenants/acme/plugins/a").expect(204);
    assertThat(operator.get("/v1/engine/native-modules").json().path("items")).hasSize(1);
    globex.post("/v1/tenants/globex/plugins/b/call/add", "{\"args\":[1,2]}").expect(200);
    globex.delete("/v1/tenants/globex/plugins/b").expect(204);

    assertThat(operator.get("/v1/engine/native-modules").json().path("items")).isEmpty();
    assertThat(acme.get("/v1/engine/native-modules").json().path("items")).isEmpty();
  }

  @Test
  void aliases_sendCallsToTheirVersions() {
    TestClient admin = server.tenant("acme", "tenant-admin");
    String path = "/v1/tenants/acme/plugins/math";
    String first = admin.upload(path, Modules.arithmetic("1")).json().path("version").asText();
    String second = admin.upload(path, Modules.arithmetic("2")).json().path("version").asText();

    admin.put(path + "/aliases/live", alias(first)).expect(200);
    admin.put(path + "/aliases/next", alias(second)).expect(200);

    String body = "{\"args\":[1,2]}";
    assertThat(admin.post(path + "/call/add", body).header("cloister-version")).isEqualTo(first);
    assertThat(admin.post(path + "/call/add?alias=next", body).header("cloister-version"))
        .isEqualTo(second);
    admin.delete(path + "/versions/" + second).problem(409, "conflict");
    admin.put(path + "/aliases/live", alias("sha256:" + "0".repeat(64))).problem(404, "not-found");
    admin.put(path + "/aliases/live", "{\"targets\":[]}").problem(400, "invalid-request");
    String weightless = alias(first).replace("100", "0");
    admin.put(path + "/aliases/live", weightless).problem(400, "invalid-request");
    admin.put(path + "/aliases/next", alias(first)).expect(200);
    admin.delete(path + "/versions/" + second).expect(204);
    assertThat(admin.get(path + "/versions").json().path("items")).hasSize(1);
  }

  private static String alias(String version) {
    return "{\"targets\":[{\"version\":\"" + version + "\",\"weight\":100}]}";
  }

  @Test
  void settings_areKept_andWhatDoesNotExistIsRefused() {
    TestClient admin = server.tenant("acme", "tenant-admin");
    String path = "/v1/tenants/acme/plugins/math/settings";
    admin.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);

    admin.put(path, "{\"environment\":{\"GREETING\":\"hello\"}}").expect(200);

    assertThat(admin.get(path).json().path("environment").path("GREETING").asText())
        .isEqualTo("hello");
    admin.put(path, "{\"capabilities\":{\"egress\":[\"*\"]}}").problem(400, "invalid-request");
    admin.put(path, "{\"tier\":\"debug\"}").problem(400, "invalid-request");
    admin.put(path, "{\"environment\":{\"A=B\":\"\"}}").problem(400, "invalid-request");
    JsonNode typo = admin.put(path, "{\"enviroment\":{}}").problem(400, "invalid-request");
    assertThat(typo.path("detail").asText()).contains("\"environment\"");
  }
}
