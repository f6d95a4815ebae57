package dev.cloister.admin;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A server that serves the console and pretends the rest. It is quiet until told to emit an event,
/// so a test decides what changes and when.
final class FakeServer implements AutoCloseable {
  private static final Map<String, String> HEADERS = ConsoleFiles.headers();

  private final Vertx vertx = Vertx.vertx();

  /// The one event loop on which everything happens.
  private final Context context = vertx.getOrCreateContext();

  private final FakeEngine engine;
  private final FakeApi api;
  private final HttpServer server;
  private final List<Stream> streams = new CopyOnWriteArrayList<>();
  private int lastEventId;

  private record Stream(String path, HttpServerResponse response) {}

  private FakeServer(int port, int tenantCount) throws Exception {
    engine = new FakeEngine(tenantCount);
    api = new FakeApi(engine);
    server = vertx.createHttpServer().requestHandler(this::handle);
    CompletableFuture<@Nullable Void> listening = new CompletableFuture<>();
    context.runOnContext(_ ->
        server
            .listen(port, "127.0.0.1")
            .onSuccess(_ -> listening.complete(null))
            .onFailure(listening::completeExceptionally));
    listening.get(10, TimeUnit.SECONDS);
  }

  static FakeServer start() throws Exception {
    return new FakeServer(0, 10_000);
  }

  /// Serves at port 8099 until it is killed, with figures that move: for work on the pages. Changes
  /// in the sources show after `./mvnw -q -Dquick -pl admin-web process-resources` and a reload.
  static void main() throws Exception {
    FakeServer server = new FakeServer(8099, 10_000);
    server.context.runOnContext(_ -> server.vertx.setPeriodic(1000, _ -> server.pretendActivity()));
    System.out.println(server.url() + "/admin/ key " + FakeApi.OPERATOR_KEY);
  }

  String url() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  /// Sends an event to every open stream of a path.
  ///
  /// @param change what happens in the engine; answers with the event's data
  void emit(String path, String type, Function<FakeEngine, JsonObject> change) throws Exception {
    CompletableFuture.runAsync(
            () -> send(path, type, change.apply(engine)),
            action -> context.runOnContext(_ -> action.run()))
        .get(10, TimeUnit.SECONDS);
  }

  /// How many browsers listen to a path.
  long listeners(String path) {
    return streams.stream().filter(stream -> stream.path().equals(path)).count();
  }

  /// Cuts every stream, as a server that restarts does.
  void cutStreams() {
    context.runOnContext(_ -> streams.forEach(stream -> stream.response().reset()));
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private void handle(HttpServerRequest request) {
    String path = Objects.requireNonNull(request.path());
    if (!path.startsWith("/v1/")) {
      file(request, path);
    } else if ("text/event-stream".equals(request.getHeader("Accept"))) {
      stream(request, path);
    } else {
      request.body().onSuccess(body -> api.handle(request, FakeApi.segments(path), body));
    }
  }

  private void file(HttpServerRequest request, String path) {
    String name = path.equals("/admin/") ? "index.html" : path.replaceFirst("^/admin/", "");
    byte @Nullable [] bytes = ConsoleFiles.read(name);
    if (bytes == null) {
      request.response().setStatusCode(404).end();
      return;
    }
    HEADERS.forEach(request.response()::putHeader);
    request
        .response()
        .putHeader("Content-Type", ConsoleFiles.contentType(name))
        .putHeader("Cache-Control", "no-cache")
        .end(Buffer.buffer(bytes));
  }

  private void stream(HttpServerRequest request, String path) {
    if (FakeApi.role(request) == null) {
      FakeApi.problem(request, 401, "unauthorized", "A key is needed");
      return;
    }
    HttpServerResponse response = request.response().setChunked(true);
    response.putHeader("Content-Type", "text/event-stream").write(": hello\n\n");
    Stream stream = new Stream(path, response);
    streams.add(stream);
    response.closeHandler(_ -> streams.remove(stream));
    if (path.equals("/v1/engine/events")) {
      response.write(event("statistics", engine.statistics()));
    } else if (path.endsWith("/logs")) {
      beginningOfLog().forEach(line -> response.write(event("log", line)));
    }
  }

  private void send(String path, String type, JsonObject data) {
    streams.stream()
        .filter(stream -> stream.path().equals(path))
        .forEach(stream -> stream.response().write(event(type, data)));
  }

  private String event(String type, JsonObject data) {
    return "id: %d\nevent: %s\ndata: %s\n\n".formatted(++lastEventId, type, data.encode());
  }

  private static List<JsonObject> beginningOfLog() {
    List<JsonObject> lines = new ArrayList<>();
    lines.add(logLine("info", "markdown", "rendered 14 pages in 212 ms"));
    lines.add(logLine("warn", "image-resize", "no colour profile in upload, assuming sRGB"));
    lines.add(logLine("error", "adder", "trap: integer divide by zero in divide (@+0x5c)"));
    return lines;
  }

  static JsonObject logLine(String level, String plugin, String text) {
    return new JsonObject()
        .put("time", Instant.now().toString())
        .put("level", level)
        .put("plugin", plugin)
        .put("stream", "stderr")
        .put("text", text);
  }

  private void pretendActivity() {
    double wave = Math.sin(System.currentTimeMillis() / 9_000.0) + 1.4;
    int calls = (int) (wave * 320 + Math.random() * 90);
    send("/v1/engine/events", "statistics", engine.tick(calls, calls / 40));
    send("/v1/tenants/acme/logs", "log", logLine("info", "markdown", calls + " pages rendered"));
  }
}
