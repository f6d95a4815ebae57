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
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Pooled and stateful instances over HTTP.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class InstancePolicyApiTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";
  private static final String STATEFUL = "{\"instance\":{\"policy\":\"stateful\"}}";
  private static final String POOLED = "{\"instance\":{\"policy\":\"pooled\"}}";

  private TestServer server;
  private TestClient client;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    client = server.tenant("acme", "tenant-admin");
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void statefulPlugin_countsInEachOfItsInstances() {
    upload("stateful", STATEFUL);

    for (int i = 1; i <= 3; i++) {
      Reply reply = count("stateful", "");
      assertThat(reply.text()).isEqualTo("{\"results\":[" + i + "]}");
      assertThat(reply.header("cloister-instance")).isEqualTo("stateful");
      assertThat(result(count("stateful", "?instance=user:42"))).isEqualTo(i);
    }
    assertThat(result(count("stateful", "?instance=default"))).isEqualTo(4);

    JsonNode instances = client.get(PLUGINS + "stateful/instances").expect(200).json();
    assertThat(instances.path("total").asInt()).isEqualTo(2);
    assertThat(instances.path("items").get(0).path("instance").asText()).isEqualTo("default");
    assertThat(instances.path("items").get(0).path("state").asText()).isEqualTo("idle");
    assertThat(instances.path("items").get(0).path("calls").asInt()).isEqualTo(4);
    assertThat(instances.path("items").get(1).path("instance").asText()).isEqualTo("user:42");

    client.delete(PLUGINS + "stateful/instances/user:42").expect(204);
    client.delete(PLUGINS + "stateful/instances/user:42").problem(404, "not-found");
    assertThat(result(count("stateful", "?instance=user:42"))).isEqualTo(1);
    assertThat(server.operator().get("/metrics").text())
        .contains("cloister_kept_instances{tenant=\"acme\",policy=\"stateful\"}");
  }

  @Test
  void callsAtOnceOfOneInstance_eachSeeTheLast() throws Exception {
    upload("ordered", STATEFUL);
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      callers.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int j = 0; j < 10; j++) {
                  count("ordered", "").expect(200);
                }
              }));
    }
    for (Thread caller : callers) {
      caller.join();
    }

    assertThat(result(count("ordered", ""))).isEqualTo(41);
  }

  @Test
  void trap_discardsTheState_andTheTenantGoesOn() {
    upload("crashing", STATEFUL);
    upload("beside", STATEFUL);
    count("crashing", "");
    count("beside", "");

    client.post(PLUGINS + "crashing/call/trap", "{}").problem(422, "trap");
    assertThat(result(count("crashing", ""))).isEqualTo(1);

    for (int i = 0; i < 5; i++) {
      client.post(PLUGINS + "crashing/call/trap", "{}").problem(422, "trap");
    }
    Reply pausing = count("crashing", "");
    JsonNode problem = pausing.problem(503, "crash-loop");
    assertThat(problem.path("plugin").asText()).isEqualTo("crashing");
    assertThat(problem.path("crashes").asInt()).isEqualTo(5);
    assertThat(pausing.header("retry-after")).isEqualTo("1");
    assertThat(result(count("beside", ""))).isEqualTo(2);
  }

  @Test
  void pooledPlugin_reusesInstances() {
    upload("pooled", "{\"instance\":{\"policy\":\"pooled\",\"maxUses\":2}}");

    for (int expected : new int[] {1, 2, 1, 2}) {
      Reply reply = count("pooled", "");
      assertThat(result(reply)).isEqualTo(expected);
      assertThat(reply.header("cloister-instance")).isEqualTo("pooled");
    }
    JsonNode problem = count("pooled", "?instance=a").problem(400, "invalid-request");
    assertThat(problem.path("what").asText()).isEqualTo("instance");
  }

  @Test
  void idleState_hibernates_andIsThereWhenItIsCalledAgain() {
    upload("sleepy", "{\"instance\":{\"policy\":\"stateful\",\"idleMillis\":100}}");

    for (int i = 1; i <= 3; i++) {
      assertThat(result(count("sleepy", ""))).isEqualTo(i);
      Awaitility.await()
          .untilAsserted(() ->
              assertThat(client.get(PLUGINS + "sleepy/instances").text())
                  .contains("\"state\":\"hibernating\""));
    }
  }

  @Test
  void changedSettings_dropWhatWasKept() {
    upload("changing", STATEFUL);
    count("changing", "");

    String longer = "{\"instance\":{\"policy\":\"stateful\",\"idleMillis\":120000}}";
    client.put(PLUGINS + "changing/settings", longer).expect(200);
    assertThat(result(count("changing", ""))).isEqualTo(2);
    client.put(PLUGINS + "changing/settings", "{}").expect(200);
    assertThat(result(count("changing", ""))).isEqualTo(1);
    client.put(PLUGINS + "changing/settings", STATEFUL).expect(200);
    assertThat(result(count("changing", ""))).isEqualTo(1);

    client.delete(PLUGINS + "changing").expect(204);
    upload("changing", STATEFUL);
    assertThat(result(count("changing", ""))).isEqualTo(1);
  }

  @Test
  void instances_areLimited() {
    upload("few", "{\"instance\":{\"policy\":\"stateful\",\"maxInstances\":2}}");
    count("few", "?instance=a").expect(200);
    count("few", "?instance=b").expect(200);

    JsonNode problem = count("few", "?instance=c").problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("maxInstances");
    assertThat(problem.path("used").asInt()).isEqualTo(3);
    assertThat(problem.path("allowed").asInt()).isEqualTo(2);
  }

  @Test
  void wrongSettings_sayWhatIsAllowed() {
    upload("settings", "{}");
    String path = PLUGINS + "settings/settings";

    assertThat(client.get(path).json().path("instance").toString())
        .isEqualTo("{\"policy\":\"fresh\"}");
    client.put(path, POOLED).expect(200);
    assertThat(client.get(path).json().path("instance").toString())
        .isEqualTo(
            "{\"policy\":\"pooled\",\"maxUses\":1000,\"maxIdle\":4,\"idleMillis\":60000,"
                + "\"crashesToBackOff\":5}");
    assertRefused(path, "{\"policy\":\"lukewarm\"}", "instance.policy");
    assertRefused(path, "{\"policy\":\"fresh\",\"maxIdle\":1}", "instance.maxIdle");
    assertRefused(path, "{\"policy\":\"pooled\",\"maxIdle\":65}", "instance.maxIdle");
    assertRefused(path, "{\"policy\":\"pooled\",\"maxUses\":0}", "instance.maxUses");
    assertRefused(path, "{\"policy\":\"pooled\",\"maxInstances\":1}", "instance.maxInstances");
    assertRefused(path, "{\"policy\":\"stateful\",\"idleMillis\":99}", "instance.idleMillis");
    client.put(path, "{\"instance\":{\"kind\":1}}").problem(400, "invalid-request");
    String wrongKey = "?instance=" + "a".repeat(129);
    assertThat(count("settings", wrongKey).problem(400, "invalid-request").path("what").asText())
        .isEqualTo("instance");
  }

  @Test
  void commands_areAlwaysFresh() {
    client.upload(PLUGINS + "command", Modules.command(1, "hello", 0)).expect(201);

    JsonNode problem =
        client.put(PLUGINS + "command/settings", STATEFUL).problem(422, "unsupported-abi");
    assertThat(problem.path("abi").asText()).isEqualTo("wasi-command");
    assertThat(problem.path("allowed").asText()).isEqualTo("fresh");

    JsonNode image =
        client
            .put(PLUGINS + "command/settings", "{\"instance\":{\"snapshot\":true}}")
            .problem(422, "unsupported-abi");
    assertThat(image.path("what").asText()).isEqualTo("instance.snapshot");

    upload("turned", STATEFUL);
    client.upload(PLUGINS + "turned", Modules.command(1, "hello", 0)).expect(201);
    Reply reply = client.post(PLUGINS + "turned/run", "").expect(200);
    assertThat(reply.header("cloister-instance")).isEqualTo("fresh");
  }

  @Test
  void snapshot_isMadeByTheFirstCall_andGoesWithTheSettings() {
    upload("imaged", "{\"instance\":{\"snapshot\":true}}");
    String version = PLUGINS + "imaged/versions/" + version("imaged");
    assertThat(snapshot(version)).isEqualTo("{\"state\":\"pending\"}");

    for (int i = 0; i < 3; i++) {
      assertThat(result(count("imaged", ""))).isEqualTo(1);
    }

    JsonNode used = client.get(version).expect(200).json().path("snapshot");
    assertThat(used.path("state").asText()).isEqualTo("used");
    assertThat(used.path("bytes").asLong()).isPositive();
    client.put("/v1/tenants/acme/config", "{\"a\":\"b\"}").expect(200);
    assertThat(snapshot(version)).isEqualTo("{\"state\":\"pending\"}");
    count("imaged", "");
    client.put(PLUGINS + "imaged/settings", "{}").expect(200);
    assertThat(snapshot(version)).isEqualTo("{\"state\":\"off\"}");
    client.put(PLUGINS + "imaged/settings", "{\"instance\":{\"snapshot\":true}}").expect(200);
    assertThat(snapshot(version)).isEqualTo("{\"state\":\"pending\"}");
  }

  @Test
  void snapshotOfWhatAsksItsHost_isRefused_andCallsGoOn() {
    client.upload(PLUGINS + "random", Modules.randomAtStart()).expect(201);
    client.put(PLUGINS + "random/settings", "{\"instance\":{\"snapshot\":true}}").expect(200);

    for (int i = 0; i < 2; i++) {
      client.post(PLUGINS + "random/call/nothing", "{}").expect(200);
      assertThat(snapshot(PLUGINS + "random/versions/" + version("random")))
          .isEqualTo(
              "{\"state\":\"refused\",\"reason\":\"the initialization calls"
                  + " wasi_snapshot_preview1.random_get\"}");
    }
  }

  private String version(String plugin) {
    return client.get(PLUGINS + plugin).expect(200).json().path("live").asText();
  }

  private String snapshot(String version) {
    return client.get(version).expect(200).json().path("snapshot").toString();
  }

  private void assertRefused(String path, String instance, String what) {
    JsonNode problem =
        client.put(path, "{\"instance\":" + instance + "}").problem(400, "invalid-request");
    assertThat(problem.path("what").asText()).isEqualTo(what);
    assertThat(problem.path("allowed").asText()).isNotEmpty();
  }

  private void upload(String plugin, String settings) {
    client.upload(PLUGINS + plugin, Modules.counter()).expect(201);
    client.put(PLUGINS + plugin + "/settings", settings).expect(200);
  }

  private Reply count(String plugin, String query) {
    return client.post(PLUGINS + plugin + "/call/count" + query, "{}");
  }

  private static int result(Reply reply) {
    return reply.expect(200).json().path("results").get(0).asInt();
  }
}
