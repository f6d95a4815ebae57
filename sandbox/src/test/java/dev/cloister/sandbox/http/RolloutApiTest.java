package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.FileGuests;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Versions of a plugin: which of them calls get, how they differ, which are kept.
final class RolloutApiTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";
  private static final String LIVE = MATH + "/aliases/live";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient admin;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    admin = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String upload(String tag) {
    return admin.upload(MATH, Modules.arithmetic(tag)).expect(201).json().path("version").asText();
  }

  private static List<String> targets(JsonNode alias) {
    List<String> targets = new ArrayList<>();
    for (JsonNode target : alias.path("targets")) {
      targets.add(target.path("version").asText() + " " + target.path("weight").asInt());
    }
    return targets;
  }

  private List<String> versions() {
    return admin.get(MATH + "/versions").expect(200).json().findValuesAsText("version");
  }

  @Test
  void rollback_leadsToWhatTheAliasNamedBefore_andBack() {
    String first = upload("1");
    String second = upload("2");

    JsonNode rolledBack = admin.post(LIVE + "/rollback", "").expect(200).json();

    assertThat(targets(rolledBack)).containsExactly(first + " 100");
    assertThat(admin.post(MATH + "/call/add", "{\"args\":[1,2]}").header("cloister-version"))
        .isEqualTo(first);
    assertThat(targets(admin.post(LIVE + "/rollback", "{}").expect(200).json()))
        .containsExactly(second + " 100");
    assertThat(server.operator().with("Accept", "application/json").get("/v1/events").text())
        .contains("alias.rollback");
  }

  @Test
  void history_namesAllChanges_newestFirst_andTakesBackToEach() {
    String first = upload("1");
    String second = upload("2");
    String split =
        "{\"targets\":[{\"version\":\"%s\",\"weight\":90},{\"version\":\"%s\",\"weight\":10}]}"
            .formatted(first, second);
    admin.put(LIVE, split).expect(200);
    // The same again is no change.
    admin.put(LIVE, split).expect(200);

    JsonNode history = admin.get(LIVE + "/history").expect(200).json();

    assertThat(history.path("items")).hasSize(3);
    assertThat(history.at("/items/0/number").asInt()).isEqualTo(3);
    assertThat(targets(history.at("/items/0"))).containsExactly(first + " 90", second + " 10");
    assertThat(targets(history.at("/items/2"))).containsExactly(first + " 100");
    assertThat(targets(admin.post(LIVE + "/rollback", "{\"number\":1}").expect(200).json()))
        .containsExactly(first + " 100");
    admin.post(LIVE + "/rollback", "{\"number\":77}").problem(404, "not-found");
    admin.get(MATH + "/aliases/none/history").problem(404, "not-found");

    server.close();
    server = TestServer.start(folder);

    assertThat(server.operator().get(LIVE + "/history").json().path("items")).hasSize(4);
  }

  @Test
  void history_isBounded() {
    String first = upload("1");
    String second = upload("2");
    for (int i = 0; i < 60; i++) {
      String version = i % 2 == 0 ? first : second;
      admin.put(LIVE, "{\"targets\":[{\"version\":\"" + version + "\",\"weight\":1}]}").expect(200);
    }

    JsonNode history = admin.get(LIVE + "/history").expect(200).json();

    assertThat(history.path("items")).hasSize(50);
    assertThat(history.at("/items/0/number").asInt()).isEqualTo(62);
  }

  @Test
  void rollback_isRefused_whereThereIsNothingBeforeOrItIsGone() {
    String first = upload("1");
    admin.post(LIVE + "/rollback", "").problem(409, "conflict");
    admin.post(MATH + "/aliases/none/rollback", "").problem(404, "not-found");
    upload("2");
    admin.delete(MATH + "/versions/" + first).expect(204);

    JsonNode problem = admin.post(LIVE + "/rollback", "").problem(409, "conflict");

    assertThat(problem.path("version").asText()).isEqualTo(first);
    TestClient invoker = server.tenant("acme", "invoker");
    invoker.get(LIVE + "/history").expect(200);
    invoker.post(LIVE + "/rollback", "").problem(403, "forbidden");
    server.tenant("globex", "tenant-admin").post(LIVE + "/rollback", "").problem(404, "not-found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "[{\"version\":\"VERSION\",\"weight\":0}]",
        "[{\"version\":\"VERSION\",\"weight\":-1}]",
        "[{\"version\":\"VERSION\",\"weight\":1000001}]",
        "[{\"version\":\"VERSION\",\"weight\":1},{\"version\":\"VERSION\",\"weight\":1}]",
        "[{\"version\":\"sha256:77\",\"weight\":1}]",
        "[{\"version\":\"VERSION\"}]",
        "[null]"
      })
  void targetsThatCannotBe_areRefused(String targets) {
    String version = upload("1");

    admin
        .put(LIVE, "{\"targets\":" + targets.replace("VERSION", version) + "}")
        .problem(400, "invalid-request");

    assertThat(targets(admin.get(LIVE).json())).containsExactly(version + " 100");
    assertThat(admin.get(LIVE + "/history").json().path("items")).hasSize(1);
  }

  @Test
  void diff_saysWhatIsAskedForAndOffered() {
    String plain = upload("1");
    String command =
        admin
            .upload(MATH + "?activate=false", FileGuests.handler())
            .expect(201)
            .json()
            .path("version")
            .asText();

    JsonNode diff = admin.get(MATH + "/versions/" + plain + "/diff/" + command).expect(200).json();

    assertThat(diff.path("from").asText()).isEqualTo(plain);
    assertThat(diff.at("/abi/from").asText()).isNotEqualTo(diff.at("/abi/to").asText());
    assertThat(diff.at("/imports/added").findValuesAsText("name"))
        .containsExactly("path_open", "fd_read", "fd_close", "fd_write");
    assertThat(diff.at("/imports/removed")).isEmpty();
    assertThat(diff.at("/exports/added").findValuesAsText("name"))
        .containsExactly("memory", "_start");
    assertThat(diff.at("/exports/removed").findValuesAsText("name")).contains("add", "divide");
    assertThat(diff.at("/capabilities/added").toString()).isEqualTo("[\"filesystem\"]");
    JsonNode back = admin.get(MATH + "/versions/" + command + "/diff/" + plain).json();
    assertThat(back.at("/imports/removed")).hasSize(4);
    assertThat(back.at("/capabilities/removed").toString()).isEqualTo("[\"filesystem\"]");
    JsonNode same = admin.get(MATH + "/versions/" + plain + "/diff/" + plain).json();
    assertThat(same.path("abi").isNull()).isTrue();
    assertThat(same.at("/exports/removed")).isEmpty();
    String unknown = "sha256:" + "0".repeat(64);
    admin.get(MATH + "/versions/" + plain + "/diff/" + unknown).problem(404, "not-found");
    admin.get(MATH + "/versions/" + plain + "/diff/7").problem(400, "invalid-request");
  }

  @Test
  void retention_keepsTheNewest_andWhatAnAliasNames() throws IOException {
    server.operator().put("/v1/tenants/acme", "{\"limits\":{\"versionsPerPlugin\":4}}").expect(200);
    String first = upload("1");
    admin
        .put(
            MATH + "/aliases/stable",
            "{\"targets\":[{\"version\":\"" + first + "\",\"weight\":1}]}")
        .expect(200);
    String second = upload("2");
    String third = upload("3");
    admin.put(MATH + "/settings", "{\"retention\":{\"versions\":3}}").expect(200);
    assertThat(versions()).containsExactly(third, second, first);

    String fourth = upload("4");
    assertThat(versions()).containsExactly(fourth, third, first);

    // At once, too.
    admin.put(MATH + "/settings", "{\"retention\":{\"versions\":1}}").expect(200);
    assertThat(versions()).containsExactly(fourth, first);
    assertThat(blobs()).hasSize(2);
    // Without it a limit is reached instead.
    admin.put(MATH + "/settings", "{}").expect(200);
    upload("5");
    upload("6");
    admin.upload(MATH, Modules.arithmetic("7")).problem(422, "limit");
    assertThat(blobs()).hasSize(4);
    for (String wrong : List.of("0", "-1", "100001")) {
      admin
          .put(MATH + "/settings", "{\"retention\":{\"versions\":" + wrong + "}}")
          .problem(400, "invalid-request");
    }
  }

  @Test
  void blobs_thatOneDeletesAndAnotherUploads_areNeverLost() throws Exception {
    String other = "/v1/tenants/globex/plugins/math";
    TestClient globex = server.tenant("globex", "tenant-admin");
    byte[] module = Modules.arithmetic("shared");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 40; round++) {
        admin.upload(MATH, module).expect(201);
        CountDownLatch go = new CountDownLatch(1);
        Future<Reply> deletion =
            threads.submit(() -> {
              go.await();
              return admin.delete(MATH);
            });
        Future<Reply> upload =
            threads.submit(() -> {
              go.await();
              return globex.upload(other, module);
            });
        go.countDown();
        deletion.get().expect(204);
        String version = upload.get().expect(201).json().path("version").asText();

        assertThat(
                globex
                    .with("Accept", "application/wasm")
                    .get(other + "/versions/" + version)
                    .expect(200)
                    .body())
            .isEqualTo(module);
        globex.delete(other).expect(204);
        assertThat(blobs()).isEmpty();
      }
    }
  }

  private Set<String> blobs() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("blobs/sha256"))) {
      Set<String> names = new TreeSet<>();
      files.filter(Files::isRegularFile).forEach(file -> names.add(file.toString()));
      return names;
    }
  }
}
