package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.json.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Guests are debugged by the Debug Adapter Protocol over a WebSocket.
@Timeout(180)
final class DebugSocketApiTest {
  private static final String ACME = "/v1/tenants/acme";
  private static final String AVERAGE = ACME + "/plugins/average/call/average";
  private static final int LINE_OF_DIVISION = 8;
  private static final int LINE_OF_SUM = 15;

  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put(ACME, "{\"limits\":{\"deadlineMillis\":60000}}").expect(201);
    byte[] average = Files.readAllBytes(Path.of("../examples/average/average.wasm"));
    operator.upload(ACME + "/plugins/average", average).expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /// A client of the protocol: requests, and what came back.
  private static final class Session implements WebSocket.Listener {
    private final LinkedBlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final List<JsonNode> events = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final WebSocket socket;
    private int sequence;

    Session(TestServer server, String tenant, String key, HttpClient http) {
      socket =
          http.newWebSocketBuilder()
              .header("Authorization", "Bearer " + key)
              .buildAsync(address(server, tenant), this)
              .join();
    }

    static URI address(TestServer server, String tenant) {
      return URI.create(server.url().replace("http:", "ws:") + "/v1/tenants/" + tenant + "/debug");
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        messages.add(Json.readTree(text.toString().getBytes(StandardCharsets.UTF_8)));
        text.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      closed.complete(status);
      return null;
    }

    JsonNode send(String command, String arguments) throws Exception {
      int number = ++sequence;
      ObjectNode request =
          Json.nodes()
              .objectNode()
              .put("seq", number)
              .put("type", "request")
              .put("command", command);
      request.set("arguments", Json.readTree(arguments.getBytes(StandardCharsets.UTF_8)));
      socket.sendText(Json.text(request), true).join();
      while (true) {
        JsonNode message = next();
        if (message.path("type").asText().equals("event")) {
          events.add(message);
        } else if (message.path("request_seq").intValue() == number) {
          assertThat(message.path("command").asText()).isEqualTo(command);
          return message;
        }
      }
    }

    JsonNode ask(String command, String arguments) throws Exception {
      JsonNode answer = send(command, arguments);
      assertThat(answer.path("success").booleanValue()).as(answer.toString()).isTrue();
      return answer.path("body");
    }

    String refusal(String command, String arguments) throws Exception {
      JsonNode answer = send(command, arguments);
      assertThat(answer.path("success").booleanValue()).as(answer.toString()).isFalse();
      return answer.path("message").asText();
    }

    JsonNode event(String name) throws Exception {
      Predicate<JsonNode> isWanted = event -> event.path("event").asText().equals(name);
      while (true) {
        for (JsonNode event : events) {
          if (isWanted.test(event)) {
            events.remove(event);
            return event.path("body");
          }
        }
        JsonNode message = next();
        if (message.path("type").asText().equals("event")) {
          events.add(message);
        }
      }
    }

    private JsonNode next() throws InterruptedException {
      JsonNode message = messages.poll(60, TimeUnit.SECONDS);
      assertThat(message).as("a message within a minute").isNotNull();
      return message;
    }

    void begin() throws Exception {
      JsonNode capabilities = ask("initialize", "{\"adapterID\":\"cloister\"}");
      assertThat(capabilities.path("supportsSetVariable").booleanValue()).isTrue();
      ask("attach", "{}");
      event("initialized");
    }

    JsonNode topFrame(int guest) throws Exception {
      return ask("stackTrace", "{\"threadId\":" + guest + "}").path("stackFrames").path(0);
    }

    int scope(int frame, String name) throws Exception {
      for (JsonNode scope : ask("scopes", "{\"frameId\":" + frame + "}").path("scopes")) {
        if (scope.path("name").asText().equals(name)) {
          return scope.path("variablesReference").intValue();
        }
      }
      throw new AssertionError("no scope " + name);
    }
  }

  private Session session() {
    return new Session(server, "acme", TestServer.OPERATOR_KEY, HttpClient.newHttpClient());
  }

  private CompletableFuture<Reply> call(String path, String body) {
    return CompletableFuture.supplyAsync(() -> operator.post(path, body));
  }

  @Test
  void breakpointInALine_pausesTheCall_whichStepsAndGoesOn() throws Exception {
    Session session = session();
    session.begin();
    JsonNode set =
        session
            .ask(
                "setBreakpoints",
                "{\"source\":{\"path\":\"/home/me/average.c\"},\"breakpoints\":[{\"line\":"
                    + LINE_OF_SUM
                    + "},{\"line\":999}]}")
            .path("breakpoints");
    assertThat(set.path(0).path("verified").booleanValue()).as(set.toString()).isTrue();
    assertThat(set.path(1).path("verified").booleanValue()).isFalse();
    session.ask("configurationDone", "{}");

    CompletableFuture<Reply> reply = call(AVERAGE, "{\"args\":[1,9]}");
    JsonNode stopped = session.event("stopped");
    assertThat(stopped.path("reason").asText()).isEqualTo("breakpoint");
    assertThat(stopped.path("hitBreakpointIds").path(0)).isEqualTo(set.path(0).path("id"));
    int guest = stopped.path("threadId").intValue();
    assertThat(session.ask("threads", "{}").path("threads")).hasSize(1);
    JsonNode frame = session.topFrame(guest);
    assertThat(frame.path("name").asText()).isEqualTo("average");
    assertThat(frame.path("source").path("path").asText()).endsWith("average.c");
    assertThat(frame.path("line")).isEqualTo(set.path(0).path("line"));

    // Into the function that this one calls, which has a line of its own, and back.
    session.ask("setBreakpoints", "{\"source\":{\"path\":\"/home/me/average.c\"}}");
    int line = frame.path("line").intValue();
    String name = "average";
    while (name.equals("average")) {
      session.ask("stepIn", "{\"threadId\":" + guest + "}");
      assertThat(session.event("stopped").path("reason").asText()).isEqualTo("step");
      JsonNode here = session.topFrame(guest);
      name = here.path("name").asText();
      assertThat(here.path("line").intValue()).as(here.toString()).isNotEqualTo(line);
      line = here.path("line").intValue();
    }
    assertThat(name).isEqualTo("divide");
    assertThat(line).isEqualTo(LINE_OF_DIVISION);
    session.ask("stepOut", "{\"threadId\":" + guest + "}");
    assertThat(session.event("stopped").path("reason").asText()).isEqualTo("step");
    assertThat(session.topFrame(guest).path("name").asText()).isEqualTo("average");
    session.ask("continue", "{\"threadId\":" + guest + "}");
    assertThat(reply.get(60, TimeUnit.SECONDS).expect(200).json().path("results").path(0).asInt())
        .isEqualTo(5);
    session.ask("disconnect", "{}");
    assertThat(session.closed.get(60, TimeUnit.SECONDS)).isEqualTo(1000);
  }

  /// A module without line tables is debugged by its functions and instructions.
  @Test
  void functionWithoutSources_hasItsInstructions_andVariablesThatCanBeSet() throws Exception {
    operator.upload(ACME + "/plugins/math", Modules.arithmetic()).expect(201);
    Session session = session();
    session.begin();
    String refused = "{\"breakpoints\":[{\"name\":\"no such function\"},{\"name\":\"func[0]\"}]}";
    JsonNode set = session.ask("setFunctionBreakpoints", refused).path("breakpoints");
    assertThat(set.path(0).path("verified").booleanValue()).isFalse();
    assertThat(set.path(1).path("verified").booleanValue()).as(set.toString()).isTrue();

    CompletableFuture<Reply> reply = call(ACME + "/plugins/math/call/add", "{\"args\":[20,22]}");
    int guest = session.event("stopped").path("threadId").intValue();
    JsonNode frame = session.topFrame(guest);
    int reference = frame.path("source").path("sourceReference").intValue();
    String text =
        session
            .ask("source", "{\"source\":{\"sourceReference\":" + reference + "}}")
            .path("content")
            .asText();
    assertThat(text.lines().skip(frame.path("line").intValue() - 1L).findFirst().orElseThrow())
        .contains("local.get 0");
    int locals = session.scope(frame.path("id").intValue(), "Locals");
    JsonNode variables =
        session.ask("variables", "{\"variablesReference\":" + locals + "}").path("variables");
    assertThat(variables.findValuesAsText("value")).containsExactly("20", "22");
    String change =
        "{\"variablesReference\":" + locals + ",\"name\":\"local1\",\"value\":\"0x100\"}";
    assertThat(session.ask("setVariable", change).path("value").asText()).isEqualTo("256");
    assertThat(session.refusal("setVariable", change.replace("0x100", "many")))
        .contains("not a value of type i32");
    assertThat(session.refusal("setVariable", change.replace("local1", "local2")))
        .contains("no variable local2");

    // Instruction by instruction: both operands, then their sum.
    String step = "{\"threadId\":" + guest + ",\"granularity\":\"instruction\"}";
    for (int i = 0; i < 2; i++) {
      session.ask("stepIn", step);
      assertThat(session.event("stopped").path("reason").asText()).isEqualTo("step");
    }
    int operands = session.scope(session.topFrame(guest).path("id").intValue(), "Operands");
    JsonNode stack =
        session.ask("variables", "{\"variablesReference\":" + operands + "}").path("variables");
    assertThat(stack.findValuesAsText("value")).containsExactly("20", "256");
    assertThat(session.refusal("variables", "{\"variablesReference\":" + locals + "}"))
        .contains("any longer");

    session.ask("disconnect", "{}");
    assertThat(reply.get(60, TimeUnit.SECONDS).expect(200).json().path("results").path(0).asInt())
        .isEqualTo(276);
  }

  @Test
  void memory_isReadAndWritten() throws Exception {
    byte[] command = Modules.command(1, "hello", 0);
    operator.upload(ACME + "/plugins/hello", command).expect(201);
    Session session = session();
    session.ask("initialize", "{}");
    session.ask("attach", "{\"stopOnEntry\":true}");
    CompletableFuture<Reply> reply = call(ACME + "/plugins/hello/run", "");
    JsonNode stopped = session.event("stopped");
    assertThat(stopped.path("reason").asText()).isEqualTo("entry");
    int guest = stopped.path("threadId").intValue();
    String place = "\"memoryReference\":\"" + guest + "/0\",\"offset\":16";
    JsonNode read = session.ask("readMemory", "{" + place + ",\"count\":5}");
    assertThat(
            new String(
                Base64.getDecoder().decode(read.path("data").asText()), StandardCharsets.UTF_8))
        .isEqualTo("hello");
    String data = Base64.getEncoder().encodeToString("jumbo".getBytes(StandardCharsets.UTF_8));
    session.ask("writeMemory", "{" + place + ",\"data\":\"" + data + "\"}");
    JsonNode beyond =
        session.ask(
            "readMemory",
            "{\"memoryReference\":\"" + guest + "/0\",\"offset\":65530,\"count\":10}");
    assertThat(beyond.path("unreadableBytes").intValue()).isEqualTo(4);
    assertThat(session.refusal("readMemory", "{\"memoryReference\":\"x\",\"count\":1}"))
        .contains("GUEST/MEMORY");
    session.ask("continue", "{\"threadId\":" + guest + "}");
    assertThat(reply.get(60, TimeUnit.SECONDS).expect(200).text()).isEqualTo("jumbo");
  }

  @Test
  void faultyRequests_areRefusedByName() throws Exception {
    Session session = session();
    assertThat(session.refusal("launch", "{}")).contains("attach instead");
    assertThat(session.refusal("fly", "{}")).contains("no request \"fly\"");
    assertThat(session.refusal("stackTrace", "{}")).contains("\"threadId\"", "missing");
    assertThat(session.refusal("stackTrace", "{\"threadId\":7}")).contains("does not pause");
    assertThat(session.refusal("pause", "{}")).contains("not attached");
    session.socket.sendText("no JSON", true).join();
    assertThat(session.closed.get(60, TimeUnit.SECONDS)).isEqualTo(1003);
  }

  /// Whoever turns debugging off ends the sessions; breakpoints are gone.
  @Test
  void turningDebuggingOff_endsTheSession() throws Exception {
    Session session = session();
    session.begin();
    operator.put(ACME + "/debugging", "{\"enabled\":false}").expect(200);
    session.event("terminated");
    assertThat(
            session.refusal("setFunctionBreakpoints", "{\"breakpoints\":[{\"name\":\"average\"}]}"))
        .contains("not being debugged");
    operator.post(AVERAGE, "{\"args\":[1,9]}").expect(200);
  }

  @Test
  void strangers_getNoSocket() {
    HttpClient http = HttpClient.newHttpClient();
    operator.put("/v1/tenants/other", "{}").expect(201);
    operator.get(ACME + "/debug").problem(426, "upgrade-required");
    server.tenant("other", "tenant-admin").get(ACME + "/debug").problem(404, "not-found");
    server.tenant("acme", "invoker").get(ACME + "/debug").problem(403, "forbidden");
    assertThatThrownBy(() ->
            http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + TestServer.OPERATOR_KEY)
                .header("Origin", "https://elsewhere.example")
                .buildAsync(Session.address(server, "acme"), new WebSocket.Listener() {})
                .join())
        .isInstanceOf(CompletionException.class);
  }
}
