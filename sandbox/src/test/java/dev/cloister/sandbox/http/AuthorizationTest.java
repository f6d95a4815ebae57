package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.storage.Role;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every route with every kind of key, for the own tenant, another one and one that does not exist.
///
/// What is expected comes from the roles in `docs/api/openapi.yaml`, which another test compares
/// with the table of routes, and from the few lines of [#expected]; not from the code under test.
final class AuthorizationTest {
  private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");
  private static final String ANY_METHOD = "x-any-method";
  private static final String PUBLIC = "public";

  @TempDir private Path folder;

  private TestServer server;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeEach
  void start() {
    server =
        TestServer.start(
            folder,
            config ->
                config.withAuth(ConfigLoader.parse("test", "auth: {maxFailures: 1000000}").auth()));
  }

  @AfterEach
  void stop() {
    server.close();
    http.close();
  }

  /// A row of the interface.
  private record Operation(String method, String path, String role) {
    boolean isOfTenant() {
      return path.contains("{tenant}");
    }

    /// Whether it could take the tenant or its keys away from the ones that come after.
    boolean isDestructive() {
      return path.matches("/v1/tenants/\\{tenant}(/suspend|/resume|/keys.*|/import)?")
          && !method.equals("GET");
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  /// Whose key a request has.
  private enum Holder {
    NOBODY,
    STRANGER,
    INVOKER,
    TENANT_ADMIN,
    OPERATOR;

    @Nullable Role role() {
      return switch (this) {
        case NOBODY, STRANGER -> null;
        case INVOKER -> Role.INVOKER;
        case TENANT_ADMIN -> Role.TENANT_ADMIN;
        case OPERATOR -> Role.OPERATOR;
      };
    }
  }

  /// Whose resources a request is about.
  private enum Subject {
    OWN,
    OTHER,
    MISSING
  }

  private enum Outcome {
    ADMITTED,
    UNAUTHORIZED,
    FORBIDDEN,
    NO_SUCH_TENANT
  }

  private record Answered(int status, String body) {
    Outcome outcome() {
      if (status == 401) {
        return Outcome.UNAUTHORIZED;
      }
      if (status == 403 && body.contains("/problems/forbidden\"")) {
        return Outcome.FORBIDDEN;
      }
      return status == 404 && body.contains("\"kind\":\"tenant\"")
          ? Outcome.NO_SUCH_TENANT
          : Outcome.ADMITTED;
    }
  }

  /// The rules in words: a key is needed; nobody but the operator knows of other tenants; each role
  /// may do what the ones below it may.
  private static Outcome expected(Operation operation, Holder holder, Subject subject) {
    if (operation.role.equals(PUBLIC)) {
      return Outcome.ADMITTED;
    }
    @Nullable Role role = holder.role();
    if (role == null) {
      return Outcome.UNAUTHORIZED;
    }
    if (operation.isOfTenant() && role != Role.OPERATOR && subject != Subject.OWN) {
      return Outcome.NO_SUCH_TENANT;
    }
    Role needed = Role.valueOf(operation.role.toUpperCase(Locale.ROOT).replace('-', '_'));
    return role.compareTo(needed) >= 0 ? Outcome.ADMITTED : Outcome.FORBIDDEN;
  }

  private static List<Operation> operations() throws IOException {
    List<Operation> operations = new ArrayList<>();
    OpenApiDocument.tree()
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(entry -> {
                  String role = entry.getValue().path("x-role").asText();
                  if (entry.getKey().equals(ANY_METHOD)) {
                    operations.add(new Operation("GET", path.getKey(), role));
                    operations.add(new Operation("PUT", path.getKey(), role));
                  } else if (METHODS.contains(entry.getKey())) {
                    operations.add(
                        new Operation(
                            entry.getKey().toUpperCase(Locale.ROOT), path.getKey(), role));
                  }
                }));
    return operations;
  }

  private String key(String tenant, Holder holder) {
    return switch (holder) {
      case NOBODY -> "";
      case STRANGER -> "cloister_0123456789abcdef_" + "0".repeat(64);
      case OPERATOR -> TestServer.OPERATOR_KEY;
      case INVOKER, TENANT_ADMIN ->
          server
              .operator()
              .post(
                  "/v1/tenants/" + tenant + "/keys",
                  "{\"role\":\"" + holder.name().toLowerCase(Locale.ROOT).replace('_', '-') + "\"}")
              .expect(201)
              .json()
              .path("key")
              .asText();
    };
  }

  private void createTenant(String tenant) {
    server.operator().put("/v1/tenants/" + tenant, "{}").expect(201);
    server
        .operator()
        .upload("/v1/tenants/" + tenant + "/plugins/plugin", Modules.arithmetic())
        .expect(201);
  }

  /// Sends a request and reads no more of the answer than its problem.
  private Answered send(Operation operation, String tenant, String key)
      throws IOException, InterruptedException {
    String path =
        operation
            .path
            .replace("{tenant}", tenant)
            .replace("{plugin}", "plugin")
            .replace("/*", "/x")
            .replaceAll("\\{(version|digest|a|b)}", "sha256:" + "0".repeat(64))
            .replaceAll("\\{\\w+}", "x");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .header("Cloister-Console", "1")
            // Problems name the request's trace: equal ones are of one trace.
            .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
            .method(
                operation.method,
                operation.method.equals("GET") || operation.method.equals("DELETE")
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString("{}"));
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    HttpResponse<InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      boolean isStream =
          response.headers().firstValue("content-type").orElse("").contains("event-stream");
      return new Answered(
          response.statusCode(),
          isStream ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void everyRoute_admitsExactlyWhomItSays() throws Exception {
    createTenant("other");
    List<String> wrong = new ArrayList<>();
    int triples = 0;
    int number = 0;
    createTenant("own-0");
    Map<Holder, String> keys = keys("own-0");
    for (Operation operation : operations()) {
      for (Holder holder : Holder.values()) {
        for (Subject about : subjects(operation)) {
          String tenant =
              switch (about) {
                case OWN -> "own-" + number;
                case OTHER -> "other";
                case MISSING -> "missing";
              };
          boolean isOperator = holder == Holder.OPERATOR;
          if (isOperator && about != Subject.OWN) {
            // To the operator all tenants are alike, and the others must stay as they are.
            continue;
          }
          Outcome expected = expected(operation, holder, about);
          Outcome actual = send(operation, tenant, keys.getOrDefault(holder, "")).outcome();
          triples++;
          if (actual != expected) {
            wrong.add(operation + " " + holder + " " + about + ": " + actual + " not " + expected);
          }
          if (operation.isDestructive() && actual == Outcome.ADMITTED) {
            number++;
            createTenant("own-" + number);
            keys = keys("own-" + number);
          }
        }
      }
    }

    assertThat(wrong).isEmpty();
    assertThat(triples).isGreaterThan(400);
    server.operator().get("/v1/tenants/other/plugins/plugin").expect(200);
    server.operator().get("/v1/tenants/missing").problem(404, "not-found");
  }

  private static Set<Subject> subjects(Operation operation) {
    return operation.isOfTenant() ? EnumSet.allOf(Subject.class) : EnumSet.of(Subject.OWN);
  }

  private Map<Holder, String> keys(String tenant) {
    Map<Holder, String> keys = new EnumMap<>(Holder.class);
    for (Holder holder : Holder.values()) {
      keys.put(holder, key(tenant, holder));
    }
    return keys;
  }

  @Test
  void stranger_cannotTellWhetherATenantExists() throws Exception {
    createTenant("acme");
    createTenant("some");
    String key = key("acme", Holder.TENANT_ADMIN);
    for (Operation operation : operations()) {
      if (operation.isOfTenant()) {
        Answered existing = send(operation, "some", key);
        Answered missing = send(operation, "none", key);

        assertThat(existing.body.replace("some", "none"))
            .as(operation.toString())
            .isEqualTo(missing.body);
        assertThat(existing.status).isEqualTo(missing.status).isEqualTo(404);
      }
    }
  }

  @Test
  void suspendedTenant_keepsItsKeys_butIsNotCalled() throws Exception {
    createTenant("acme");
    String key = key("acme", Holder.TENANT_ADMIN);
    server.operator().post("/v1/tenants/acme/suspend", "").expect(200);

    server.client(key).get("/v1/tenants/acme").expect(200);
    server
        .client(key)
        .post("/v1/tenants/acme/plugins/plugin/call/add", "{\"args\":[1,2]}")
        .problem(403, "suspended");
    server
        .client(key("acme", Holder.INVOKER))
        .post("/v1/tenants/acme/plugins/plugin/call/add", "{\"args\":[1,2]}")
        .problem(403, "suspended");
  }

  @Test
  void keyOfADeletedTenant_isNoKeyAnyMore_evenIfTheNameIsTakenAgain() throws Exception {
    createTenant("acme");
    String key = key("acme", Holder.TENANT_ADMIN);
    server.operator().delete("/v1/tenants/acme").expect(204);
    server.client(key).get("/v1/tenants/acme").problem(401, "unauthorized");

    createTenant("acme");

    server.client(key).get("/v1/tenants/acme").problem(401, "unauthorized");
  }

  @Test
  void engineViews_showATenantItselfAlone() throws Exception {
    createTenant("acme");
    createTenant("other");
    String key = key("acme", Holder.TENANT_ADMIN);
    for (String path : List.of("native-modules", "statistics", "compile-jobs", "code-gc")) {
      JsonNode own = server.client(key).get("/v1/engine/" + path).expect(200).json();

      assertThat(own.toString()).as(path).doesNotContain("other");
    }
    JsonNode module =
        server.client(key).get("/v1/engine/native-modules").json().path("items").path(0);
    assertThat(module.path("references").asInt()).isEqualTo(1);
    assertThat(module.path("tenantsTotal").asInt()).isEqualTo(1);
    module.path("images").forEach(image -> assertThat(image.path("instances").isNull()).isTrue());
  }
}
