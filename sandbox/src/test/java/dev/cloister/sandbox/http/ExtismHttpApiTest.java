package dev.cloister.sandbox.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cloister.isolate.egress.AddressRange;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `http_request` of Extism plug-ins, through the whole server to another one on this machine.
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ExtismHttpApiTest {
  private static final String TENANT = "/v1/tenants/acme/";
  private static final String PLUGINS = TENANT + "plugins/";
  private static final int LARGE_BYTES = 100_000;

  private final CountDownLatch ending = new CountDownLatch(1);
  private final ExecutorService targetThreads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer target;
  private TestServer server;
  private TestClient client;
  private String origin;

  @BeforeAll
  void start(@TempDir Path folder) throws IOException {
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.setExecutor(targetThreads);
    target.createContext("/echo", ExtismHttpApiTest::echo);
    target.createContext("/empty", exchange -> answer(exchange, 204, ""));
    target.createContext("/missing", exchange -> answer(exchange, 404, "nothing here"));
    target.createContext("/broken", exchange -> answer(exchange, 500, "sorry"));
    target.createContext("/large", exchange -> answer(exchange, 200, "x".repeat(LARGE_BYTES)));
    target.createContext("/moved", this::redirect);
    target.createContext("/never", _ -> awaitEnd());
    target.start();
    origin = "http://localhost:" + target.getAddress().getPort();
    List<AddressRange> here = List.of(AddressRange.parse("127.0.0.0/8"), AddressRange.parse("::1"));
    server =
        TestServer.start(
            folder, config -> config.withEgress(config.egress().withOpenedAddresses(here)));
    client = server.tenant("acme", "tenant-admin");
    server
        .operator()
        .put(
            TENANT + "policy",
            "{\"capabilities\":[\"http\"],\"egress\":{\"allowedHosts\":[\"localhost:*\","
                + "\"127.0.0.1:*\"]}}")
        .expect(200);
    server.operator().put(TENANT + "limits", "{\"limits\":{\"deadlineMillis\":60000}}").expect(200);
    client.upload(PLUGINS + "fetcher", Modules.extismFetcher()).expect(201);
  }

  @AfterAll
  void stop() {
    ending.countDown();
    server.close();
    target.stop(0);
    targetThreads.shutdownNow();
  }

  @Test
  void request_hasMethodFieldsAndBody_andItsAnswerIsTheOutput() {
    String request =
        """
        {"url": "%s/echo?q=1", "method": "put", "headers": {"X-Word": "plug", "Accept": "text/x"}}
        """
            .formatted(origin);

    assertThat(call("fetcher", "post", request).expect(200).text())
        .isEqualTo("PUT /echo?q=1 x-word=plug accept=text/x hello...");
    assertThat(call("fetcher", "body", url("/echo")).expect(200).text())
        .isEqualTo("GET /echo x-word=null accept=null ");
  }

  @ParameterizedTest
  @CsvSource({"/empty,204", "/missing,404", "/broken,500", "/echo,200"})
  void status_isWhateverTheOtherSideSays(String path, int status) {

    JsonNode problem = call("fetcher", "status", url(path)).problem(422, "plugin-error");

    assertThat(problem.path("code").asInt()).isEqualTo(status);
  }

  @Test
  void bodyOfAnAnswerThatIsNoSuccess_isTheOutput() {
    assertThat(call("fetcher", "body", url("/missing")).expect(200).text())
        .isEqualTo("nothing here");
    assertThat(call("fetcher", "body", url("/empty")).expect(200).text()).isEmpty();
  }

  @Test
  void headers_areThoseOfTheAnswer_inLowerCase() {
    String text = call("fetcher", "headers", url("/echo")).expect(200).text();

    assertThat(text).contains("\"x-several\":\"one, two\"").doesNotContain("X-Several");
  }

  @Test
  void allowedHosts_ofTheManifest_narrowThePolicyOfTheTenant() {
    manifest("narrow", "\"allowed_hosts\":[\"local*\"]");
    manifest("none", "\"allowed_hosts\":[]");
    manifest("silent", "\"config\":{}");
    String here = "http://127.0.0.1:" + target.getAddress().getPort() + "/echo";

    assertThat(call("narrow", "body", url("/echo")).expect(200).text()).startsWith("GET /echo");
    for (String plugin : List.of("none", "silent")) {
      assertThat(refusal(plugin, url("/echo")))
          .isEqualTo("HTTP request to " + origin + "/echo is not allowed");
    }
    assertThat(refusal("narrow", "{\"url\":\"" + here + "\"}"))
        .isEqualTo("HTTP request to " + here + " is not allowed");
    assertThat(call("fetcher", "body", "{\"url\":\"" + here + "\"}").expect(200).text())
        .startsWith("GET /echo");
  }

  @Test
  void allowedHosts_ofTheManifest_doNotWidenThePolicy() {
    manifest("wide", "\"allowed_hosts\":[\"*\"]");

    assertThat(refusal("wide", "{\"url\":\"http://example.com/\"}"))
        .startsWith("HTTP request to http://example.com/ failed: ")
        .contains("are not allowed");
  }

  @Test
  void redirect_toAHostThatTheManifestDoesNotAllow_isRefused() {
    manifest("narrow-moved", "\"allowed_hosts\":[\"localhost\"]");

    assertThat(refusal("narrow-moved", url("/moved"))).contains("127.0.0.1");
    assertThat(call("fetcher", "body", url("/moved")).expect(200).text()).startsWith("GET /echo");
  }

  @Test
  void answerThatIsTooLarge_endsTheCall_andSaysTheLimit() {
    manifest("small", "\"allowed_hosts\":[\"*\"],\"memory\":{\"max_http_response_bytes\":99999}");

    assertThat(call("fetcher", "body", url("/large")).expect(200).text()).hasSize(LARGE_BYTES);
    assertThat(refusal("small", url("/large"))).contains("99999");
    assertThat(call("small", "body", url("/missing")).expect(200).text()).isEqualTo("nothing here");
  }

  @Test
  void answerThatNeverComes_endsWithTheCall() {
    manifest("hasty", "\"allowed_hosts\":[\"*\"],\"timeout_ms\":300");

    JsonNode problem = call("hasty", "body", url("/never")).problem(504, "deadline");

    assertThat(problem.path("allowed").asInt()).isEqualTo(300);
  }

  @Test
  void requestThatMakesNoSense_endsTheCall_andSaysWhy() {
    assertThat(refusal("fetcher", "GET /")).startsWith("an HTTP request is not a JSON object");
    assertThat(refusal("fetcher", "{\"url\":\"/echo\"}"))
        .isEqualTo("the URL \"/echo\" has no host");
    assertThat(refusal("fetcher", "{\"url\":\"" + origin + "\",\"body\":\"x\"}"))
        .contains("unknown member \"body\"");
  }

  private static void echo(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("X-Several", "one");
    exchange.getResponseHeaders().add("X-Several", "two");
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    answer(
        exchange,
        200,
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + " x-word="
            + exchange.getRequestHeaders().getFirst("X-Word")
            + " accept="
            + exchange.getRequestHeaders().getFirst("Accept")
            + " "
            + body);
  }

  private void redirect(HttpExchange exchange) throws IOException {
    exchange
        .getResponseHeaders()
        .add("Location", "http://127.0.0.1:" + target.getAddress().getPort() + "/echo");
    answer(exchange, 302, "");
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    try (exchange) {
      byte[] body = text.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private void awaitEnd() {
    try {
      ending.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void manifest(String plugin, String members) {
    String module = Base64.getEncoder().encodeToString(Modules.extismFetcher());
    client
        .send(
            "PUT",
            PLUGINS + plugin,
            BodyPublishers.ofString("{\"wasm\":[{\"data\":\"" + module + "\"}]," + members + "}"),
            "application/vnd.extism.manifest+json")
        .expect(201);
  }

  private String url(String path) {
    return "{\"url\":\"" + origin + path + "\"}";
  }

  /// What a call that its host ended says.
  private String refusal(String plugin, String request) {
    JsonNode problem = call(plugin, "body", request).problem(422, "plugin-error");
    assertThat(problem.path("code").asInt()).isEqualTo(-1);
    return problem.path("message").asText();
  }

  private Reply call(String plugin, String export, String input) {
    return client.send(
        "POST", PLUGINS + plugin + "/call/" + export, BodyPublishers.ofString(input), "text/plain");
  }
}
