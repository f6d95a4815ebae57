package dev.cloister.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The content of a server that only pretends: tenants, their plugins, native modules, statistics
/// and events, in the shapes of the HTTP API. Confined to the event loop of its [FakeServer].
final class FakeEngine {
  static final String SHARED_DIGEST = "sha256:" + "5f3a9c".repeat(10) + "77e1";
  static final String SHARED_SCRIPT = "wasm://wasm/image-resize-5f3a9c5f";
  private static final long MEBIBYTE = 1024 * 1024;
  private static final Instant START = Instant.parse("2026-03-02T08:00:00Z");

  final TreeMap<String, JsonObject> tenants = new TreeMap<>();
  final Map<String, Map<String, JsonObject>> plugins = new LinkedHashMap<>();
  final Map<String, JsonObject> nativeModules = new LinkedHashMap<>();
  private final Map<String, List<JsonObject>> keys = new LinkedHashMap<>();
  final List<JsonObject> events = new ArrayList<>();
  final JsonObject ownLimits = new JsonObject().put("memoryBytes", 256 * MEBIBYTE);
  private long totalCalls = 1_284_310;
  private long trappedCalls = 412;
  private long seconds;

  FakeEngine(int tenantCount) {
    addTenant("acme", "active", 12);
    addTenant("globex", "active", 7);
    addTenant("initech", "suspended", 3);
    for (int i = tenants.size(); i < tenantCount; i++) {
      addTenant("tenant-%05d".formatted(i), i % 41 == 0 ? "suspended" : "active", i);
    }
    addPlugin("acme", "adder", "plain", 1_204, "sha256:" + "ab12".repeat(16));
    addPlugin("acme", "image-resize", "extism", 412_880, SHARED_DIGEST);
    addPlugin("acme", "markdown", "wasi-command", 1_884_203, "sha256:" + "c0ffee12".repeat(8));
    addPlugin("globex", "thumbnails", "extism", 412_880, SHARED_DIGEST);
    addModule(SHARED_DIGEST, SHARED_SCRIPT, 412_880, 1_318, List.of("acme", "globex"), true);
    addModule(
        "sha256:" + "ab12".repeat(16),
        "wasm://wasm/adder-ab12ab12",
        1_204,
        9,
        List.of("acme"),
        false);
    addModule(
        "sha256:" + "c0ffee12".repeat(8),
        "wasm://wasm/markdown-c0ffee12",
        1_884_203,
        4_910,
        List.of("acme"),
        false);
    // A server need not know these.
    JsonObject markdown =
        Objects.requireNonNull(nativeModules.get("sha256:" + "c0ffee12".repeat(8)));
    List.of("tiers", "compiledFunctions", "compiledAt").forEach(markdown::remove);
    List<JsonObject> acmeKeys = keysOf("acme");
    acmeKeys.add(key("k_8fK2mQ", "tenant-admin", START.toString()));
    acmeKeys.add(key("k_1Zp0aa", "invoker", null));
    addEvent("tenant.create", "acme", "acme", "ok");
    addEvent("plugin.upload", "acme", "image-resize " + SHARED_DIGEST, "ok");
    addEvent("session.refused", null, null, "refused");
    addEvent("tenant.suspend", "initech", "initech", "ok");
    addEvent("key.create", "acme", "k_1Zp0aa", "ok");
    addEvent("alias.change", "acme", "adder", "ok");
  }

  /// Adds a tenant whose figures follow from `seed`.
  JsonObject addTenant(String name, String state, int seed) {
    JsonObject tenant =
        new JsonObject()
            .put("tenant", name)
            .put("state", state)
            .put("createdAt", START.minusSeconds(seed * 4_000L).toString())
            .put("plugins", seed % 9)
            .put("instances", seed % 17)
            .put("memoryBytes", (seed * 7_919_993L % 15_013) * (seed * 104_651L % 15_017))
            .put("memoryLimitBytes", 256 * MEBIBYTE)
            .put("calls", seed * 104_729L % 900_000)
            .put("failedCalls", seed * 31L % 700)
            .put("lastCallAt", seed % 5 == 0 ? null : Instant.now().minusSeconds(seed).toString());
    tenants.put(name, tenant);
    return tenant;
  }

  private void addPlugin(String tenant, String name, String abi, int size, String digest) {
    JsonArray exports =
        switch (abi) {
          case "plain" ->
              new JsonArray()
                  .add(function("add", List.of("i32", "i32"), List.of("i32")))
                  .add(function("fibonacci", List.of("i64"), List.of("i64")))
                  .add(function("fail", List.of(), List.of()))
                  .add(memory());
          case "wasi-command" ->
              new JsonArray().add(function("_start", List.of(), List.of())).add(memory());
          default ->
              new JsonArray()
                  .add(function("resize", List.of(), List.of("i32")))
                  .add(function("identify", List.of(), List.of("i32")))
                  .add(memory());
        };
    JsonArray imports =
        abi.equals("wasi-command")
            ? new JsonArray()
                .add(
                    function("fd_write", List.of("i32", "i32", "i32", "i32"), List.of("i32"))
                        .put("module", "wasi_snapshot_preview1"))
            : new JsonArray();
    plugins
        .computeIfAbsent(tenant, _ -> new TreeMap<>())
        .put(
            name,
            new JsonObject()
                .put("plugin", name)
                .put("abi", abi)
                .put("live", digest)
                .put("script", "wasm://wasm/" + name + "-" + digest.substring(7, 15))
                .put("sizeBytes", size)
                .put("versions", 2)
                .put("updatedAt", START.toString())
                .put("calls", size / 3)
                .put("failedCalls", size / 900)
                .put("imports", imports)
                .put("exports", exports));
  }

  private void addModule(
      String digest, String script, int wire, int functions, List<String> holders, boolean hot) {
    int compiled = functions / 3;
    nativeModules.put(
        digest,
        new JsonObject()
            .put("digest", digest)
            .put("script", script)
            .put("wireBytes", wire)
            .put("metadataBytes", wire / 3)
            .put("codeBytes", wire * 2L)
            .put("functions", functions)
            .put("compiledFunctions", compiled)
            .put("references", holders.size())
            .put("tenants", new JsonArray(new ArrayList<>(holders)))
            .put(
                "tiers",
                new JsonObject()
                    .put("baseline", hot ? compiled - compiled / 5 : compiled)
                    .put("optimized", hot ? compiled / 5 : 0)
                    .put("debug", 0))
            .put(
                "images",
                new JsonArray()
                    .add(image(0, "baseline", compiled, wire, 3))
                    .add(image(1, "optimized", compiled / 5, wire / 2, hot ? 4 : 0)))
            .put("logging", hot)
            .put("debugging", false)
            .put("compiledAt", START.toString()));
  }

  List<JsonObject> keysOf(String tenant) {
    return keys.computeIfAbsent(tenant, _ -> new ArrayList<>());
  }

  /// Gives the shared module one more holder and answers with its row.
  JsonObject addHolder(String tenant) {
    JsonObject row = Objects.requireNonNull(nativeModules.get(SHARED_DIGEST));
    row.getJsonArray("tenants").add(tenant);
    return row.put("references", row.getInteger("references") + 1);
  }

  void addEvent(String action, @Nullable String tenant, @Nullable String target, String outcome) {
    events.addFirst(
        new JsonObject()
            .put("id", String.valueOf(events.size() + 1))
            .put("time", Instant.now().minusSeconds(3_000L / (events.size() + 1)).toString())
            .put("actor", tenant == null ? null : "operator")
            .put("role", "operator")
            .put("action", action)
            .put("tenant", tenant)
            .put("target", target)
            .put("outcome", outcome)
            .put("remote", "127.0.0.1"));
  }

  /// The statistics after some more calls in one more second.
  JsonObject tick(int moreCalls, int moreTraps) {
    seconds++;
    totalCalls += moreCalls;
    trappedCalls += moreTraps;
    return statistics();
  }

  JsonObject statistics() {
    long memory = 1_402 * MEBIBYTE + seconds * 317_000 % (90 * MEBIBYTE);
    return new JsonObject()
        .put("time", START.plusSeconds(seconds).toString())
        .put("uptimeSeconds", 93_784 + seconds)
        .put("tenants", tenants.size())
        .put("suspendedTenants", tenants.values().stream().filter(FakeEngine::isSuspended).count())
        .put("plugins", 4)
        .put("nativeModules", nativeModules.size())
        .put("instances", 182)
        .put(
            "calls",
            new JsonObject()
                .put("total", totalCalls)
                .put("ok", totalCalls - trappedCalls - 96)
                .put("trap", trappedCalls)
                .put("limit", 61)
                .put("deadline", 22)
                .put("exit", 0)
                .put("rateLimited", 13)
                .put("overloaded", 0)
                .put("error", 0)
                .put("inFlight", 14)
                .put("queued", 2))
        .put("latencyMillis", new JsonObject().put("p50", 0.38).put("p90", 1.9).put("p99", 14.2))
        .put("memoryBytes", memory)
        .put("memoryLimitBytes", 4_096 * MEBIBYTE)
        .put(
            "memory",
            new JsonObject()
                .put("LINEAR_MEMORY", memory * 7 / 10)
                .put("GC_OBJECT", memory * 2 / 10)
                .put("TABLE", memory / 20)
                .put("INSTANCE", memory / 20))
        .put("codeBytes", 48_220_160)
        .put("metadataBytes", 6_881_280)
        .put("wireBytes", 22_118_400)
        .put("compileJobs", new JsonObject().put("running", 0).put("queued", 0))
        .put(
            "jvm",
            new JsonObject()
                .put("heapUsedBytes", 2_210 * MEBIBYTE)
                .put("heapMaxBytes", 6_144 * MEBIBYTE)
                .put("metaspaceBytes", 214 * MEBIBYTE)
                .put("classes", 31_204)
                .put("codeCacheUsedBytes", 191 * MEBIBYTE)
                .put("codeCacheMaxBytes", 240 * MEBIBYTE)
                .put("threads", 61)
                .put("processCpu", 0.37)
                .put("processors", 8));
  }

  private static boolean isSuspended(JsonObject tenant) {
    return tenant.getString("state").equals("suspended");
  }

  static JsonObject key(String id, String role, @Nullable String lastUsedAt) {
    return new JsonObject()
        .put("id", id)
        .put("role", role)
        .put("createdAt", START.toString())
        .put("lastUsedAt", lastUsedAt);
  }

  private static JsonObject image(int generation, String tier, int functions, int code, int count) {
    return new JsonObject()
        .put("kind", "normal")
        .put("generation", generation)
        .put("tier", tier)
        .put("functions", functions)
        .put("codeBytes", code)
        .put("instances", count);
  }

  private static JsonObject function(String name, List<String> params, List<String> results) {
    return new JsonObject()
        .put("name", name)
        .put("kind", "function")
        .put("params", new JsonArray(params))
        .put("results", new JsonArray(results));
  }

  private static JsonObject memory() {
    return new JsonObject()
        .put("name", "memory")
        .put("kind", "memory")
        .put("type", "memory i32 17");
  }
}
