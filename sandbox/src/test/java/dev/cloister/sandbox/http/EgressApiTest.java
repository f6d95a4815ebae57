package dev.cloister.sandbox.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import dev.cloister.isolate.egress.AddressRange;
import dev.cloister.sandbox.fixture.EventReader;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Requests of plugins, as policy, log, limits and metrics see them.
@Timeout(240)
final class EgressApiTest {
  private static final String TENANT = "/v1/tenants/acme/";

  @TempDir private Path folder;
  private HttpServer target;
  private TestServer server;
  private TestClient operator;
  private TestClient admin;
  private int port;

  /// The fields of the requests that came, names as the class writes them.
  private final BlockingQueue<Headers> received = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws IOException {
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.createContext(
        "/",
        exchange -> {
          received.add(exchange.getRequestHeaders());
          byte[] body = "answered".getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    target.start();
    port = target.getAddress().getPort();
    restart("127.0.0.0/8", "::1");
    admin = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
    target.stop(0);
  }

  @Test
  void request_toAllowedHost_isAnsweredAndLogged() {
    allow("localhost:" + port);

    assertThat(fetch("http://localhost:" + port + "/x?key=hidden")).isEqualTo("answered");

    try (EventReader log = open(Map.of())) {
      EventReader.Event event = log.next(it -> it.name().equals("request"));
      assertThat(event.data().path("decision").asText()).isEqualTo("allowed");
      assertThat(event.data().path("host").asText()).isEqualTo("localhost");
      assertThat(event.data().path("port").asInt()).isEqualTo(port);
      assertThat(event.data().path("status").asInt()).isEqualTo(200);
      assertThat(event.data().path("responseBytes").asInt()).isEqualTo(8);
      assertThat(event.data().path("plugin").asText()).isEqualTo("fetcher");
      assertThat(event.data().toString()).doesNotContain("hidden");
      assertThat(fetch("http://127.0.0.1:" + port + "/")).contains("are not allowed");
      try (EventReader resumed = open(Map.of("Last-Event-ID", String.valueOf(event.id())))) {
        JsonNode denied = resumed.next(it -> it.name().equals("request")).data();
        assertThat(denied.path("decision").asText()).isEqualTo("denied");
        assertThat(denied.path("error").asText()).isEqualTo("forbidden");
      }
    }
    assertThat(operator.get("/metrics").expect(200).text())
        .contains("cloister_http_egress_total{tenant=\"acme\",decision=\"allowed\"} 1")
        .contains("cloister_http_egress_total{tenant=\"acme\",decision=\"denied\"} 1");
  }

  @Test
  void request_carriesTheTraceOn_asAStepOfItsOwn() throws InterruptedException {
    allow("localhost:" + port);
    String trace = "0af7651916cd43dd8448eb211c80319c";
    String caller = "b7ad6b7169203331";
    String url = "http://localhost:" + port + "/";
    admin.upload(TENANT + "plugins/fetcher", Modules.fetcher(url));
    String answered =
        admin
            .with("traceparent", "00-" + trace + "-" + caller + "-01")
            .with("tracestate", "vendor=1")
            .post(TENANT + "plugins/fetcher/run", "")
            .expect(200)
            .header("traceparent");

    Headers headers = received.take();

    String parent = headers.getFirst("traceparent");
    assertThat(parent).startsWith("00-" + trace + "-").endsWith("-01");
    assertThat(parent).doesNotContain(caller).isNotEqualTo(answered);
    assertThat(headers.getFirst("tracestate")).isEqualTo("vendor=1");
    assertThat(fetch(url)).isEqualTo("answered");
    Headers without = received.take();
    assertThat(without.get("traceparent")).hasSize(1);
    assertThat(without.getFirst("traceparent")).doesNotContain(trace);
    assertThat(without.get("tracestate")).isNull();
  }

  @Test
  void request_thatSaysItsTraceItself_keepsIt() throws InterruptedException {
    allow("localhost:" + port);
    String own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fetch("http://localhost:" + port + "/\ntraceparent: " + own);

    assertThat(received.take().get("traceparent")).containsExactly(own);
  }

  @Test
  void request_toThisMachine_isDeniedUnlessTheOperatorOpensIt() {
    allow("*:*");
    restart();

    assertThat(fetch("http://localhost:" + port + "/"))
        .isEqualTo("localhost has an address that is not public");
    assertThat(fetch("http://169.254.169.254/latest/meta-data"))
        .isEqualTo("169.254.169.254 has an address that is not public");
  }

  @Test
  void request_tooOften_isRefusedByItsOwnLimit() {
    allow("localhost:" + port);
    operator.put(TENANT + "limits", "{\"limits\":{\"egressRequestsPerSecond\":1}}").expect(200);

    String answers = "";
    for (int i = 0; i < 5 && !answers.contains("egressRequestsPerSecond"); i++) {
      answers += fetch("http://localhost:" + port + "/");
    }
    assertThat(answers).startsWith("answered").contains("egressRequestsPerSecond is reached");
  }

  private void allow(String host) {
    operator
        .put(
            TENANT + "policy",
            "{\"capabilities\":[\"http\"],\"egress\":{\"allowedHosts\":[\"" + host + "\"]}}")
        .expect(200);
  }

  private String fetch(String url) {
    admin.upload(TENANT + "plugins/fetcher", Modules.fetcher(url));
    return admin.post(TENANT + "plugins/fetcher/run", "").expect(200).text();
  }

  private EventReader open(Map<String, String> headers) {
    return EventReader.open(server.url() + TENANT + "egress-log", headers);
  }

  /// Starts the server, again if it runs; plugins can reach `opened` besides the internet.
  private void restart(String... opened) {
    if (server != null) {
      server.close();
    }
    List<AddressRange> ranges = List.of(opened).stream().map(AddressRange::parse).toList();
    server =
        TestServer.start(
            folder, config -> config.withEgress(config.egress().withOpenedAddresses(ranges)));
    operator = server.operator();
    if (admin != null) {
      admin = server.tenant("acme", "tenant-admin");
    }
  }
}
