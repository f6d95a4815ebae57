package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.EventReader;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
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
