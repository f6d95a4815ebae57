package dev.cloister.admin;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The HTTP API of a server that only pretends. Every request comes with its whole body, on the
/// event loop that owns the [FakeEngine].
final class FakeApi {
  static final String OPERATOR_KEY = "operator-key";
  static final String TENANT_KEY = "acme-key";
  private static final byte[] MAGIC = {0, 'a', 's', 'm'};

  private final FakeEngine engine;

  FakeApi(FakeEngine engine) {
    this.engine = engine;
  }

  /// Answers one request.
  ///
  /// @param path segments below `/v1`
  void handle(HttpServerRequest request, List<String> path, Buffer body) {
    boolean isChange = !request.method().equals(HttpMethod.GET);
    if (isChange && !"1".equals(request.getHeader("Cloister-Console"))) {
      problem(request, 403, "cross-site", "The request did not come from the console");
    } else if (path.getFirst().equals("session")) {
      session(request, body);
    } else if (role(request) == null) {
      problem(request, 401, "unauthorized", "A key is needed");
    } else if (path.getFirst().equals("tenants")) {
      tenants(request, path, body);
    } else if (path.getFirst().equals("engine") && path.getLast().equals("native-modules")) {
      list(request, engine.nativeModules.values(), row -> contains(row, "script", request));
    } else if (path.getFirst().equals("events")) {
      list(request, engine.events, row -> contains(row, "action", request));
    } else {
      problem(request, 404, "not-found", "There is nothing here");
    }
  }

  /// The role of the request's session, or null if it has none.
  static @Nullable String role(HttpServerRequest request) {
    var cookie = request.getCookie("cloister_session");
    return cookie == null || cookie.getValue().isEmpty() ? null : cookie.getValue();
  }

  private void session(HttpServerRequest request, Buffer body) {
    String role = role(request);
    if (request.method().equals(HttpMethod.DELETE)) {
      request.response().putHeader("Set-Cookie", cookie("", "; Max-Age=0"));
      request.response().setStatusCode(204).end();
    } else if (request.method().equals(HttpMethod.POST)) {
      switch (body.toJsonObject().getString("key")) {
        case OPERATOR_KEY -> signIn(request, "operator");
        case TENANT_KEY -> signIn(request, "tenant-admin");
        default -> problem(request, 401, "unauthorized", "Unknown key");
      }
    } else {
      json(request, 200, role == null ? new JsonObject().put("signedIn", false) : session(role));
    }
  }

  private void signIn(HttpServerRequest request, String role) {
    request.response().putHeader("Set-Cookie", cookie(role, ""));
    json(request, 200, session(role));
  }

  private static String cookie(String value, String more) {
    return "cloister_session=" + value + "; HttpOnly; SameSite=Strict; Path=/" + more;
  }

  private static JsonObject session(String role) {
    return new JsonObject()
        .put("signedIn", true)
        .put("role", role)
        .put("tenant", role.equals("operator") ? null : "acme")
        .put("server", new JsonObject().put("version", "0.1.0").put("node", "node-1"));
  }

  private void tenants(HttpServerRequest request, List<String> path, Buffer body) {
    if (path.size() == 1) {
      String state = request.getParam("state", "");
      list(
          request,
          sorted(request.getParam("sort", "tenant")),
          row ->
              contains(row, "tenant", request)
                  && (state.isEmpty() || state.equals(row.getString("state"))));
      return;
    }
    String name = path.get(1);
    JsonObject tenant = engine.tenants.get(name);
    if (path.size() == 2 && request.method().equals(HttpMethod.PUT)) {
      if (tenant != null) {
        problem(request, 412, "already-exists", "There is a tenant " + name + " already");
      } else {
        engine.addEvent("tenant.create", name, name, "ok");
        json(request, 201, engine.addTenant(name, "active", 0));
      }
    } else if (tenant == null) {
      problem(request, 404, "not-found", "There is no tenant " + name);
    } else if (path.size() == 2 && request.method().equals(HttpMethod.DELETE)) {
      engine.tenants.remove(name);
      request.response().setStatusCode(204).end();
    } else if (path.size() == 2) {
      json(request, 200, tenant);
    } else {
      tenant(request, tenant, path.subList(2, path.size()), body);
    }
  }

  private Collection<JsonObject> sorted(String order) {
    return order.startsWith("-")
        ? engine.tenants.values().stream()
            .sorted((a, b) -> Long.compare(figure(b, order), figure(a, order)))
            .toList()
        : engine.tenants.values();
  }

  private static long figure(JsonObject tenant, String order) {
    return tenant.getLong(order.substring(1));
  }

  private void tenant(
      HttpServerRequest request, JsonObject tenant, List<String> path, Buffer body) {
    String name = tenant.getString("tenant");
    switch (path.getFirst()) {
      case "suspend" -> json(request, 200, tenant.put("state", "suspended"));
      case "resume" -> json(request, 200, tenant.put("state", "active"));
      case "limits" -> limits(request, body);
      case "usage" -> json(request, 200, usage(tenant));
      case "keys" -> keys(request, name, path, body);
      case "plugins" -> plugins(request, name, path, body);
      default -> problem(request, 404, "not-found", "There is nothing here");
    }
  }

  private void limits(HttpServerRequest request, Buffer body) {
    JsonObject defaults = FakeLimits.defaults();
    JsonObject maximums = FakeLimits.maximums();
    if (request.method().equals(HttpMethod.PUT)) {
      JsonObject changes = body.toJsonObject().getJsonObject("limits");
      for (Map.Entry<String, Object> change : changes) {
        if (change.getValue() instanceof Number wanted
            && wanted.longValue() > maximums.getLong(change.getKey())) {
          JsonObject members =
              new JsonObject()
                  .put("limit", change.getKey())
                  .put("actual", wanted)
                  .put("allowed", maximums.getLong(change.getKey()));
          problem(request, 422, "invalid-limit", "The limit is above its maximum", members);
          return;
        }
      }
      engine.ownLimits.mergeIn(changes);
      engine.ownLimits.getMap().values().removeIf(value -> value == null);
    }
    json(
        request,
        200,
        new JsonObject()
            .put("limits", defaults.copy().mergeIn(engine.ownLimits))
            .put("set", engine.ownLimits)
            .put("defaults", defaults)
            .put("maximums", maximums));
  }

  private static JsonObject usage(JsonObject tenant) {
    long memory = tenant.getLong("memoryBytes");
    return new JsonObject()
        .put(
            "usage",
            new JsonObject()
                .put("memoryBytes", memory)
                .put("tableElements", 1_204)
                .put("gcHeapBytes", 0)
                .put("concurrency", 14)
                .put("queueLength", 2)
                .put("requestsPerSecond", 212.4)
                .put("cpuMillisPerSecond", 1_430)
                .put("plugins", tenant.getInteger("plugins"))
                .put("codeBytes", 9_884_201)
                .put("storageBytes", 31_220_110))
        .put(
            "memory",
            new JsonObject().put("LINEAR_MEMORY", memory * 9 / 10).put("TABLE", memory / 10))
        .put("instances", tenant.getInteger("instances"))
        .put("cpuMillis", 482_110)
        .put(
            "calls",
            new JsonObject()
                .put("total", tenant.getLong("calls"))
                .put("ok", tenant.getLong("calls") - tenant.getLong("failedCalls"))
                .put("trap", tenant.getLong("failedCalls"))
                .put("limit", 0)
                .put("deadline", 0)
                .put("exit", 0)
                .put("rateLimited", 0)
                .put("overloaded", 0)
                .put("error", 0));
  }

  private void keys(HttpServerRequest request, String tenant, List<String> path, Buffer body) {
    List<JsonObject> keys = engine.keysOf(tenant);
    if (request.method().equals(HttpMethod.POST)) {
      String role = body.toJsonObject().getString("role");
      JsonObject key = FakeEngine.key("k_new" + keys.size(), role, null);
      keys.add(key);
      json(request, 201, key.copy().put("key", "cloister_" + "s3cr3t".repeat(6)));
    } else if (request.method().equals(HttpMethod.DELETE)) {
      keys.removeIf(key -> key.getString("id").equals(path.getLast()));
      request.response().setStatusCode(204).end();
    } else {
      list(request, keys, _ -> true);
    }
  }

  private void plugins(HttpServerRequest request, String tenant, List<String> path, Buffer body) {
    Map<String, JsonObject> plugins = engine.plugins.getOrDefault(tenant, Map.of());
    if (path.size() == 1) {
      list(request, plugins.values(), row -> contains(row, "plugin", request));
      return;
    }
    if (path.size() == 2 && request.method().equals(HttpMethod.PUT)) {
      upload(request, body);
      return;
    }
    JsonObject plugin = plugins.get(path.get(1));
    if (plugin == null) {
      problem(request, 404, "not-found", "There is no plugin " + path.get(1));
    } else if (path.size() == 2) {
      json(request, 200, plugin);
    } else {
      switch (path.get(2)) {
        case "versions" -> list(request, versions(plugin), _ -> true);
        case "aliases" -> json(request, 200, body.toJsonObject());
        case "call" -> call(request, path.getLast(), body);
        case "run" -> run(request, body);
        default -> problem(request, 404, "not-found", "There is nothing here");
      }
    }
  }

  private void upload(HttpServerRequest request, Buffer body) {
    if (body.length() < 8 || !Arrays.equals(body.getBytes(0, 4), MAGIC)) {
      JsonObject members = new JsonObject().put("offset", 0);
      problem(request, 422, "invalid-module", "magic header not detected", members);
    } else if (body.length() > 64) {
      JsonObject members = new JsonObject().put("offset", 0x1a).put("function", 2);
      problem(request, 422, "invalid-module", "type mismatch: expected i32, got i64", members);
    } else {
      JsonArray exports = new JsonArray().add(new JsonObject().put("name", "run"));
      json(
          request,
          201,
          new JsonObject()
              .put("version", "sha256:" + "e4".repeat(32))
              .put("abi", "plain")
              .put("script", "wasm://wasm/e4e4e4e4")
              .put("imports", new JsonArray())
              .put("exports", exports));
    }
  }

  private static List<JsonObject> versions(JsonObject plugin) {
    JsonObject live =
        new JsonObject()
            .put("version", plugin.getString("live"))
            .put("script", plugin.getString("script"))
            .put("abi", plugin.getString("abi"))
            .put("sizeBytes", plugin.getInteger("sizeBytes"))
            .put("createdAt", plugin.getString("updatedAt"))
            .put("live", true);
    JsonObject old = live.copy().put("version", "sha256:" + "0d".repeat(32)).put("live", false);
    return List.of(live, old);
  }

  private void call(HttpServerRequest request, String export, Buffer body) {
    told(request.response());
    if (export.equals("add")) {
      JsonArray args = body.toJsonObject().getJsonArray("args");
      int sum = args.getInteger(0) + args.getInteger(1);
      json(request, 200, new JsonObject().put("results", new JsonArray().add(sum)));
    } else if (export.equals("fail")) {
      JsonObject frame =
          new JsonObject().put("function", "divide").put("index", 4).put("offset", 0x5c);
      JsonObject members =
          new JsonObject()
              .put("trap", "integer divide by zero")
              .put("wasmStack", new JsonArray().add(frame).add(frame.copy().put("index", 7)));
      problem(request, 422, "trap", "integer divide by zero", members);
    } else {
      request.response().end(body);
    }
  }

  private void run(HttpServerRequest request, Buffer body) {
    told(request.response()).putHeader("Cloister-Exit-Code", "0");
    request.response().end("args " + request.params().getAll("arg") + "\n" + body);
  }

  private static HttpServerResponse told(HttpServerResponse response) {
    return response
        .putHeader("Cloister-Version", "sha256:" + "ab12".repeat(16))
        .putHeader("Cloister-Instance", "fresh")
        .putHeader("Server-Timing", "queue;dur=0.02, inst;dur=0.31, exec;dur=0.04");
  }

  private static void list(
      HttpServerRequest request, Collection<JsonObject> all, Predicate<JsonObject> matches) {
    int limit = Integer.parseInt(request.getParam("limit", "50"));
    int from = Integer.parseInt(request.getParam("cursor", "0"));
    List<JsonObject> matching = all.stream().filter(matches).toList();
    List<JsonObject> page = matching.stream().skip(from).limit(limit).toList();
    int to = from + page.size();
    json(
        request,
        200,
        new JsonObject()
            .put("items", new JsonArray(page))
            .put("next", to < matching.size() ? String.valueOf(to) : null)
            .put("total", matching.size()));
  }

  private static boolean contains(JsonObject row, String member, HttpServerRequest request) {
    return row.getString(member).contains(request.getParam("q", ""));
  }

  private static void json(HttpServerRequest request, int status, JsonObject answer) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(answer.encode());
  }

  static void problem(HttpServerRequest request, int status, String name, String detail) {
    problem(request, status, name, detail, new JsonObject());
  }

  private static void problem(
      HttpServerRequest request, int status, String name, String detail, JsonObject members) {
    JsonObject problem =
        new JsonObject()
            .put("type", "https://cloister.dev/problems/" + name)
            .put(
                "title",
                Character.toUpperCase(name.charAt(0)) + name.substring(1).replace('-', ' '))
            .put("status", status)
            .put("detail", detail)
            .mergeIn(members);
    request
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/problem+json")
        .end(problem.encode());
  }

  /// The segments of a path below `/v1`, unescaped.
  static List<String> segments(String path) {
    return Arrays.stream(path.substring("/v1/".length()).split("/"))
        .map(segment -> URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8))
        .toList();
  }
}
