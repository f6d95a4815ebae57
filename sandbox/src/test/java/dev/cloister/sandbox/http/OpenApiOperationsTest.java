package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.http.OperationExamples.Example;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every operation of the description against a server: what is asked and answered must be what is
/// described. A status, a type or a field that is not described fails.
final class OpenApiOperationsTest {
  /// Operations for any method; they are asked with POST.
  private static final String ANY_METHOD = "x-any-method";

  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "patch", ANY_METHOD);
  private static final String ANY_TYPE = "*/*";
  private static final String EVENTS = "text/event-stream";
  private static final String PROBLEM = "application/problem+json";
  private static final String JSON = "application/json";
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long SEED = 20_261_121;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int FUZZ_ROUNDS = Boolean.getBoolean("slow") ? 200 : 6;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final JsonSchemaFactory schemas =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

  private TestServer server;
  private JsonNode document;
  private Map<String, String> names;
  private Map<String, Example> examples;

  /// An operation of the description.
  private record Operation(String method, String path, JsonNode node) {
    String id() {
      return node.path("operationId").asText();
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    server = TestServer.start(folder);
    document = OpenApiDocument.tree();
    TestClient operator = server.operator();
    operator.put("/v1/tenants/acme", "{}").expect(201);
    operator.put("/v1/tenants/other", "{}").expect(201);
    operator.put("/v1/tenants/doomed", "{}").expect(201);
    String plugins = "/v1/tenants/acme/plugins/";
    JsonNode math = operator.upload(plugins + "math", Modules.arithmetic()).expect(201).json();
    String version = math.path("version").asText();
    operator.upload(plugins + "doomed", Modules.arithmetic("doomed")).expect(201);
    operator.upload(plugins + "say", Modules.command(1, "hello", 0)).expect(201);
    String page = "Content-Type: text/plain\n\nhello";
    operator.upload(plugins + "page", Modules.command(1, page, 0)).expect(201);
    operator.put("/v1/tenants/acme/kv/x", "{}").expect(201);
    String key = id(operator.post("/v1/tenants/acme/keys", "{\"role\":\"invoker\"}").expect(201));
    String operation = operation(plugins + "math");
    names = new LinkedHashMap<>();
    names.put("tenant", "acme");
    names.put("plugin", "math");
    names.put("export", "add");
    names.put("alias", "live");
    names.put("version", version);
    names.put("digest", version);
    names.put("other", version);
    names.put("key", key);
    names.put("operation", operation);
    names.put("member", "local");
    names.put("instance", "none");
    names.put("job", "999999");
    examples = OperationExamples.all(version);
    addSeeded(version);
  }

  /// The examples of operations that need something of their own to act upon.
  private void addSeeded(String version) {
    TestClient operator = server.operator();
    String plugins = "/v1/tenants/acme/plugins/";
    String second = version(operator.upload(plugins + "math", Modules.arithmetic("2")).expect(201));
    String third = version(operator.upload(plugins + "math", Modules.arithmetic("3")).expect(201));
    for (String target : List.of(version, third)) {
      String targets = "{\"targets\":[{\"version\":\"" + target + "\",\"weight\":1}]}";
      operator.put(plugins + "math/aliases/stable", targets).expect(200);
    }
    String keys = "/v1/tenants/acme/keys";
    operator.upload(plugins + "counter", Modules.counter()).expect(201);
    operator
        .put(plugins + "counter/settings", "{\"instance\":{\"policy\":\"stateful\"}}")
        .expect(200);
    operator.post(plugins + "counter/call/count?instance=one", "{}").expect(200);
    operator.put("/v1/tenants/other/policy", "{\"onMissingCapability\":\"park\"}").expect(200);
    String parked =
        version(
            operator
                .upload("/v1/tenants/other/plugins/parked", Modules.reader("kv_get"))
                .expect(202));
    byte[] archive = operator.get("/v1/tenants/acme/export").expect(200).body();
    Example plain = Example.plain();
    examples.put("deleteVersion", plain.at("version", second));
    examples.put("rollBackAlias", plain.at("alias", "stable"));
    examples.put(
        "deleteKey",
        plain.at("key", id(operator.post(keys, "{\"role\":\"invoker\"}").expect(201))));
    examples.put("deleteOperation", plain.at("operation", operation(plugins + "math")));
    examples.put("deleteInstance", plain.at("plugin", "counter").at("instance", "one"));
    examples.put(
        "approveVersion", plain.at("tenant", "other").at("plugin", "parked").at("version", parked));
    examples.put(
        "importTenant", new Example(archive, "application/zip", Map.of("tenant", "copy"), null, 0));
    operator.put("/v1/tenants/copy", "{}").expect(201);
  }

  private static String id(Reply reply) {
    return reply.json().path("id").asText();
  }

  private static String version(Reply reply) {
    return reply.json().path("version").asText();
  }

  /// Begins a call that goes on by itself, and waits for its end.
  private String operation(String plugin) {
    TestClient operator = server.operator();
    String id =
        id(
            operator
                .with("Prefer", "respond-async")
                .post(plugin + "/call/add", "{\"args\":[1,2]}")
                .expect(202));
    await()
        .atMost(PATIENCE)
        .until(
            () -> operator.get("/v1/operations/" + id).json().path("status").asText(),
            status -> !status.equals("running"));
    return id;
  }

  @AfterEach
  void stop() {
    server.close();
    http.close();
  }

  @Test
  void everyOperation_answersAsDescribed() throws Exception {
    List<String> faults = new ArrayList<>();
    for (Operation operation : operations()) {
      Example example = examples.getOrDefault(operation.id(), Example.plain());
      checkRequest(operation, example, faults);
      HttpResponse<InputStream> response = send(operation, example, TestServer.OPERATOR_KEY);
      int expected = operation.node.path("x-available").asBoolean(true) ? example.status() : 501;
      int status = response.statusCode();
      if (expected == 0 ? status >= 400 : status != expected) {
        faults.add(operation + ": unexpected status " + status + ", " + text(response));
      } else {
        checkAnswer(operation, response, faults);
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void everyOperation_refusesWhoHasNoKey_asDescribed() throws Exception {
    List<String> faults = new ArrayList<>();
    for (Operation operation : operations()) {
      if (!operation.node.path("x-role").asText().equals("public")) {
        Example example = examples.getOrDefault(operation.id(), Example.plain());
        HttpResponse<InputStream> response = send(operation, example, null);
        if (response.statusCode() != 401) {
          faults.add(operation + ": " + response.statusCode() + " without a key");
        }
        checkAnswer(operation, response, faults);
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void everyOperation_takesRandomBodiesAndParameters_withoutFailing() throws Exception {
    Random random = new Random(SEED);
    List<String> faults = new ArrayList<>();
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
      for (Operation operation : operations()) {
        Operation fuzzed =
            new Operation(operation.method, operation.path + randomQuery(random), operation.node);
        HttpResponse<InputStream> response =
            send(fuzzed, fuzzedExample(operation, random), TestServer.OPERATOR_KEY);
        if (response.statusCode() >= 500 && response.statusCode() != 501) {
          faults.add(fuzzed + ": " + response.statusCode());
        }
        checkAnswer(fuzzed, response, faults);
      }
    }
    assertThat(faults).as("seed %s", SEED).isEmpty();
    server.client(null).get("/healthz").expect(200);
    server.operator().post("/v1/tenants/acme/plugins/math/call/add", "{\"args\":[1,2]}");
  }

  private Example fuzzedExample(Operation operation, Random random) {
    Example example = examples.getOrDefault(operation.id(), Example.plain());
    Map<String, String> path = fuzzedPath(random);
    if (isLasting(operation)) {
      // One of its own, since it takes away what the others are about.
      server.operator().put("/v1/tenants/fuzzed", "{}");
      path = Map.of("tenant", "fuzzed");
    }
    return operation.method.equals("get")
        ? new Example(null, null, path, random.nextBoolean() ? example.accept() : null, 0)
        : new Example(
            randomBody(random, example.body()),
            random.nextBoolean() ? JSON : example.contentType(),
            path,
            null,
            0);
  }

  private static boolean isLasting(Operation operation) {
    return operation.id().matches("deleteTenant|suspendTenant");
  }

  private static String randomQuery(Random random) {
    String[] names = {
      "limit",
      "cursor",
      "q",
      "version",
      "alias",
      "activate",
      "from",
      "to",
      "prefix",
      "after",
      "format",
      "plugin",
      "arg",
      "level",
      "x"
    };
    String[] values = {
      "",
      "0",
      "-1",
      "1",
      "99999999999999999999",
      "%00",
      "%ff",
      "%F0%9F%98%80",
      "true",
      "live",
      "sha256:00",
      "2026-01-01T00:00:00Z",
      "+999999999-12-31T23:59:59Z",
      "a%26b%3D",
      "json"
    };
    StringBuilder query = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      query
          .append(query.isEmpty() ? '?' : '&')
          .append(names[random.nextInt(names.length)])
          .append('=')
          .append(values[random.nextInt(values.length)]);
    }
    return query.toString();
  }

  private static Map<String, String> fuzzedPath(Random random) {
    return random.nextInt(4) == 0
        ? Map.of("plugin", "fuzz-" + random.nextInt(3), "alias", "a" + random.nextInt(3))
        : Map.of("tenant", "other", "key", "none", "instance", "none", "job", "1", "*", "x");
  }

  private static byte[] randomBody(Random random, byte @Nullable [] seed) {
    byte[] body;
    if (seed == null || random.nextInt(3) == 0) {
      body = new byte[random.nextInt(200)];
      random.nextBytes(body);
      if (random.nextBoolean()) {
        String[] texts = {
          "{}", "[]", "null", "1e999", "{\"limits\":{\"plugins\":null}}", "{\"a\":", "\"\\ud800\""
        };
        body = texts[random.nextInt(texts.length)].getBytes(StandardCharsets.UTF_8);
      }
      return body;
    }
    body = seed.clone();
    for (int i = 0; i <= random.nextInt(4); i++) {
      body[random.nextInt(body.length)] = (byte) random.nextInt(256);
    }
    return body;
  }

  private List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        if (METHODS.contains(operation.getKey())) {
          operations.add(new Operation(operation.getKey(), path.getKey(), operation.getValue()));
        }
      }
    }
    return operations;
  }

  private HttpResponse<InputStream> send(Operation operation, Example example, @Nullable String key)
      throws IOException, InterruptedException {
    String path = operation.path;
    Map<String, String> parts = new LinkedHashMap<>(names);
    parts.putAll(example.path());
    for (Map.Entry<String, String> part : parts.entrySet()) {
      path = path.replace("{" + part.getKey() + "}", part.getValue());
    }
    path = path.replace("*", parts.getOrDefault("*", "x"));
    assertThat(path).as("an example for each part of %s", operation).doesNotContain("{");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .header("Cloister-Console", "1")
            .method(
                operation.method.equals(ANY_METHOD)
                    ? "POST"
                    : operation.method.toUpperCase(Locale.ROOT),
                example.body() == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofByteArray(example.body()));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    if (example.contentType() != null) {
      request.header("Content-Type", example.contentType());
    }
    if (example.accept() != null) {
      request.header("Accept", example.accept());
    }
    return http.send(request.build(), BodyHandlers.ofInputStream());
  }

  private void checkRequest(Operation operation, Example example, List<String> faults)
      throws IOException {
    if (JSON.equals(example.contentType())) {
      JsonNode content = operation.node.path("requestBody").path("content").path(JSON);
      if (content.isMissingNode()) {
        faults.add(operation + ": no body is described");
      } else {
        validate(operation + " request", content.path("schema"), example.body(), faults);
      }
    }
  }

  private void checkAnswer(
      Operation operation, HttpResponse<InputStream> response, List<String> faults)
      throws IOException {
    String status = Integer.toString(response.statusCode());
    String what = operation + " " + status;
    JsonNode described = operation.node.path("responses").path(status);
    if (described.isMissingNode()) {
      described = operation.node.path("responses").path("default");
    }
    if (described.has("$ref")) {
      described = document.at(described.path("$ref").asText().substring(1));
    }
    String type = response.headers().firstValue("content-type").orElse("").split(";", -1)[0];
    if (described.isMissingNode()) {
      faults.add(what + ": the status is not described: " + text(response));
      return;
    }
    if (response.statusCode() >= 400 && !type.equals(PROBLEM)) {
      faults.add(what + ": no problem but " + type);
    }
    if (type.isEmpty()) {
      response.body().close();
      return;
    }
    JsonNode contents = described.path("content");
    JsonNode content = contents.has(type) ? contents.path(type) : contents.path(ANY_TYPE);
    if (content.isMissingNode()) {
      faults.add(what + ": the type " + type + " is not described");
    } else if ((type.equals(JSON) || type.equals(PROBLEM)) && content.has("schema")) {
      validate(what, content.path("schema"), response.body().readAllBytes(), faults);
    }
    response.body().close();
  }

  private void validate(String what, JsonNode schema, byte @Nullable [] body, List<String> faults)
      throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    root.set("allOf", MAPPER.createArrayNode().add(schema));
    root.set("components", closed(document.path("components")));
    JsonSchema compiled = schemas.getSchema(root);
    for (ValidationMessage message : compiled.validate(MAPPER.readTree(body))) {
      faults.add(what + ": " + message.getMessage());
    }
  }

  /// Objects have the properties that are described and no others, unless they say otherwise, or
  /// are parts of others.
  private static JsonNode closed(JsonNode components) {
    JsonNode copy = components.deepCopy();
    Set<JsonNode> parts = new HashSet<>();
    for (JsonNode allOf : copy.findValues("allOf")) {
      allOf.forEach(part -> {
        parts.add(part);
        parts.add(copy.at(part.path("$ref").asText("/").replaceFirst("^#/components", "")));
      });
    }
    List<JsonNode> objects = new ArrayList<>(copy.findParents("properties"));
    objects.addAll(copy.findParents("allOf"));
    for (JsonNode node : objects) {
      boolean isObject = node.path("properties").isObject() || node.path("allOf").isArray();
      if (node instanceof ObjectNode schema
          && isObject
          && !parts.contains(node)
          && !schema.has("additionalProperties")) {
        schema.put("unevaluatedProperties", false);
      }
    }
    return copy;
  }

  private static String text(HttpResponse<InputStream> response) throws IOException {
    String type = response.headers().firstValue("content-type").orElse("");
    try (InputStream body = response.body()) {
      return type.startsWith(EVENTS)
          ? "events"
          : new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
