package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.EventReader;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Streams of logs, audit entries and figures.
final class EventStreamsTest {
  private static final Map<String, String> STREAM = Map.of("Accept", "text/event-stream");

  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put("/v1/tenants/acme", "{}").expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private EventReader open(String path, Map<String, String> headers) {
    return EventReader.open(server.url() + path, headers);
  }

  @Test
  void logs_haveWhatPluginsWrite_andResume() {
    String plugin = "/v1/tenants/acme/plugins/chatty";
    operator.upload(plugin, Modules.command(2, "one\ntwo\nthree", 0)).expect(201);
    operator.post(plugin + "/run", new byte[0]).expect(200);
    String second;
    try (EventReader logs = open("/v1/tenants/acme/logs", STREAM)) {
      assertThat(logs.next().data().path("text").asText()).isEqualTo("one");
      EventReader.Event two = logs.next();
      assertThat(two.data().path("text").asText()).isEqualTo("two");
      assertThat(two.data().path("plugin").asText()).isEqualTo("chatty");
      assertThat(two.data().path("stream").asText()).isEqualTo("stderr");
      second = String.valueOf(two.id());
      assertThat(logs.next().data().path("text").asText()).isEqualTo("three");

      operator.post(plugin + "/run", new byte[0]).expect(200);
      assertThat(logs.next().data().path("text").asText()).isEqualTo("one");
    }

    try (EventReader resumed = open("/v1/tenants/acme/logs", Map.of("Last-Event-ID", second))) {
      assertThat(resumed.next().data().path("text").asText()).isEqualTo("three");
    }
    try (EventReader last = open("/v1/tenants/acme/logs?last=1", STREAM)) {
      assertThat(last.next().data().path("text").asText()).isEqualTo("three");
    }
  }

  @Test
  void logs_ofOnePlugin_haveItsLinesOnly() {
    String plugins = "/v1/tenants/acme/plugins/";
    operator.upload(plugins + "one", Modules.command(2, "of one", 0)).expect(201);
    operator.upload(plugins + "two", Modules.command(2, "of two", 0)).expect(201);
    operator.post(plugins + "one/run", new byte[0]).expect(200);
    operator.post(plugins + "two/run", new byte[0]).expect(200);

    try (EventReader logs = open("/v1/tenants/acme/logs?plugin=two", STREAM)) {
      assertThat(logs.next().data().path("text").asText()).isEqualTo("of two");
      operator.post(plugins + "one/run", new byte[0]).expect(200);
      operator.post(plugins + "two/run", new byte[0]).expect(200);
      assertThat(logs.next().data().path("text").asText()).isEqualTo("of two");
    }
    operator.get("/v1/tenants/acme/logs?plugin=No").problem(400, "invalid-request");
  }

  @Test
  void codeLog_hasCodeWhileItIsOn_andResumes() throws IOException {
    String plugin = "/v1/tenants/acme/plugins/average";
    Path example =
        Path.of(System.getProperty("project.root", ".."), "examples", "average", "average.wasm");
    operator.upload(plugin, Files.readAllBytes(example)).expect(201);
    operator.post(plugin + "/call/average", "{\"args\":[1,3]}").expect(200);
    assertThat(isLogged()).isFalse();
    try (EventReader log = open("/v1/tenants/acme/code-log", STREAM)) {
      operator.put("/v1/tenants/acme/code-logging", "{\"enabled\":true}").expect(200).json();
      assertThat(isLogged()).isTrue();
      EventReader.Event divide =
          log.next(event -> event.data().path("function").asText().equals("divide"));
      assertThat(divide.name()).isEqualTo("code");
      assertThat(divide.data().path("index").asInt()).isEqualTo(1);
      assertThat(divide.data().path("scriptId").asInt()).isPositive();
      assertThat(divide.data().path("script").asText()).startsWith("wasm://wasm/");
      assertThat(divide.data().path("tier").asText()).isNotEmpty();
      assertThat(divide.data().path("bytes").asInt()).isPositive();
      assertThat(divide.data().path("file").asText()).isEqualTo("average.c");
      assertThat(divide.data().path("line").asInt()).isEqualTo(8);

      Map<String, String> before =
          Map.of("Last-Event-ID", String.valueOf(Long.parseLong(divide.id()) - 1));
      try (EventReader resumed = open("/v1/tenants/acme/code-log", before)) {
        assertThat(resumed.next().id()).isEqualTo(divide.id());
      }
      JsonNode off =
          operator.put("/v1/tenants/acme/code-logging", "{\"enabled\":false}").expect(200).json();
      assertThat(off.path("enabled").asBoolean()).isFalse();
      assertThat(isLogged()).isFalse();
    }
    TestClient json = operator.with("Accept", "application/json");
    JsonNode audit = json.get("/v1/events?limit=2").expect(200).json().path("items");
    assertThat(audit.get(0).path("action").asText()).isEqualTo("code-logging.stop");
    assertThat(audit.get(1).path("action").asText()).isEqualTo("code-logging.start");
    operator.put("/v1/tenants/acme/code-logging", "{}").problem(400, "invalid-request");
  }

  private boolean isLogged() {
    JsonNode modules = operator.get("/v1/engine/native-modules").expect(200).json();
    return modules.path("items").get(0).path("logging").asBoolean();
  }

  @Test
  void codeLog_ofOneTenant_isNotSeenByAnother() {
    operator.put("/v1/tenants/globex", "{}").expect(201);
    operator.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);
    operator.upload("/v1/tenants/globex/plugins/math", Modules.arithmetic()).expect(201);
    operator.put("/v1/tenants/globex/code-logging", "{\"enabled\":true}").expect(200);
    assertThat(isLogged()).as("by the operator").isTrue();
    TestClient acme = server.tenant("acme", "tenant-admin");
    JsonNode modules = acme.get("/v1/engine/native-modules").expect(200).json();
    assertThat(modules.path("items").get(0).path("logging").asBoolean()).isFalse();
    acme.put("/v1/tenants/globex/code-logging", "{\"enabled\":false}").problem(404, "not-found");
  }

  @Test
  void audit_hasEveryChange_asListAndStream() {
    try (EventReader audit = open("/v1/events", STREAM)) {
      operator.put("/v1/tenants/globex", "{\"limits\":{\"plugins\":3}}").expect(201);
      EventReader.Event created = audit.next();
      assertThat(created.name()).isEqualTo("audit");
      assertThat(created.data().path("action").asText()).isEqualTo("tenant.create");
      assertThat(created.data().path("tenant").asText()).isEqualTo("globex");
      assertThat(created.data().path("actor").asText()).isEqualTo("operator");
      operator.delete("/v1/tenants/globex").expect(204);
      assertThat(audit.next().data().path("action").asText()).isEqualTo("tenant.delete");

      try (EventReader resumed =
          open("/v1/events", Map.of("Last-Event-ID", String.valueOf(created.id())))) {
        assertThat(resumed.next().data().path("action").asText()).isEqualTo("tenant.delete");
      }
    }

    TestClient json = operator.with("Accept", "application/json");
    JsonNode list = json.get("/v1/events?limit=2").expect(200).json();
    assertThat(list.path("items").get(0).path("action").asText()).isEqualTo("tenant.delete");
    JsonNode rest = json.get("/v1/events?cursor=" + list.path("next").asText()).json();
    assertThat(rest.path("items").get(0).path("tenant").asText()).isEqualTo("acme");
    assertThat(json.get("/v1/events?q=delete").json().path("items")).hasSize(1);
    assertThat(json.get("/v1/events?tenant=acme").json().path("items")).hasSize(1);
  }

  @Test
  void audit_withoutAcceptedType_isAStream_unlessAPartOfAListIsAskedFor() {
    operator.put("/v1/tenants/globex", "{}").expect(201);

    JsonNode created = operator.get("/v1/events?action=tenant.create").expect(200).json();
    assertThat(created.path("items")).hasSize(2);
    assertThat(operator.get("/v1/events?action=tenant").json().path("items")).isEmpty();
    assertThat(operator.with("Accept", "*/*").get("/v1/events?limit=1").json().path("items"))
        .hasSize(1);
    try (EventReader deletions = open("/v1/events?action=tenant.delete", STREAM)) {
      operator.put("/v1/tenants/initech", "{}").expect(201);
      operator.delete("/v1/tenants/globex").expect(204);
      assertThat(deletions.next().data().path("target").asText()).isEqualTo("globex");
    }
  }

  @Test
  void engineEvents_haveFiguresAndNativeModules() {
    String plugin = "/v1/tenants/acme/plugins/math";
    try (EventReader events = open("/v1/engine/events", STREAM)) {
      EventReader.Event first = events.next();
      assertThat(first.name()).isEqualTo("statistics");
      assertThat(first.data().path("tenants").asInt()).isEqualTo(1);

      operator.upload(plugin, Modules.arithmetic()).expect(201);
      EventReader.Event added = events.next(event -> event.name().equals("native-module"));
      assertThat(added.data().path("tenants").toString()).isEqualTo("[\"acme\"]");

      operator.delete(plugin).expect(204);
      EventReader.Event removed =
          events.next(event -> event.name().equals("native-module-removed"));
      assertThat(removed.data().path("digest")).isEqualTo(added.data().path("digest"));
    }
  }

  @Test
  void streams_endWhenTheServerStops() {
    try (EventReader events = open("/v1/engine/events", STREAM)) {
      assertThat(events.next().name()).isEqualTo("statistics");

      server.close();

      assertThat(events.isEnded()).isTrue();
    }
  }
}
