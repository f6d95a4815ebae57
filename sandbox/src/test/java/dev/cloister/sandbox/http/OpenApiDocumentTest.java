package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.isolate.IsolateManager;
import dev.cloister.isolate.egress.AddressPolicy;
import dev.cloister.isolate.egress.EgressClient;
import dev.cloister.isolate.egress.EgressLimits;
import dev.cloister.isolate.egress.HostResolver;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.SecretHash;
import dev.cloister.sandbox.auth.Sessions;
import dev.cloister.sandbox.cluster.LocalNode;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.logging.RecentErrors;
import dev.cloister.sandbox.registry.Registry;
import dev.cloister.sandbox.services.SecretBox;
import dev.cloister.sandbox.storage.DataFolder;
import dev.cloister.sandbox.storage.Storage;
import dev.cloister.sandbox.storage.StorageHealth;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The description says of every route what the table of routes says.
final class OpenApiDocumentTest {
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "patch", "x-any-method");

  @Test
  void description_hasExactlyTheRoutes_withTheirRoles(@TempDir Path folder) throws IOException {
    Set<String> described = new TreeSet<>();
    JsonNode paths = OpenApiDocument.tree().path("paths");
    paths
        .properties()
        .forEach(path ->
            path.getValue().properties().stream()
                .filter(operation -> METHODS.contains(operation.getKey()))
                .forEach(operation -> described.add(row(path.getKey(), operation))));

    Set<String> routed = new TreeSet<>();
    for (Route route : routes(folder)) {
      @Nullable HttpMethod method = route.method();
      routed.add(
          (method == null ? "x-any-method" : method.name().toLowerCase(Locale.ROOT))
              + " "
              + route.path()
              + " "
              + role(route.access()));
    }

    assertThat(described).isEqualTo(routed);
  }

  /// The table of a server that is built but never listens.
  private static List<Route> routes(Path folder) throws IOException {
    LiveConfig config = LiveConfig.fixed(SandboxConfig.defaults());
    Clock clock = Clock.systemUTC();
    SecureRandom random = new SecureRandom();
    KeyRing keys = new KeyRing(SecretHash.of("key of the operator"), clock);
    StorageHealth health = new StorageHealth();
    Vertx vertx = Vertx.vertx();
    try (DataFolder data = DataFolder.open(folder);
        Storage store = Storage.inFolder(data, 1_000, health);
        WasmEngine engine = new WasmEngine(EngineConfig.defaults());
        GuestExecutor guests = GuestExecutor.create();
        RecentErrors errors = RecentErrors.listen();
        EgressClient egress =
            EgressClient.create(
                vertx, HostResolver.SYSTEM, AddressPolicy.PUBLIC, EgressLimits.defaults())) {
      IsolateManager isolates = new IsolateManager(vertx, engine, guests);
      Registry registry =
          Registry.restore(
              config,
              store,
              health,
              isolates,
              keys,
              SecretBox.open(data, random),
              egress,
              random,
              clock);
      HttpListener.Parts parts =
          new HttpListener.Parts(
              config,
              engine,
              new CompileFeed(),
              registry,
              keys,
              new Sessions(keys, Duration.ofHours(1), 1, random, clock),
              new HealthApi(() -> 0),
              new LocalNode("test"),
              ServerInfo.of("test"),
              guests,
              errors,
              clock);
      try (HttpListener listener = HttpListener.create(vertx, parts)) {
        return listener.routes();
      }
    } finally {
      vertx.close();
    }
  }

  private static String row(String path, Map.Entry<String, JsonNode> operation) {
    return operation.getKey() + " " + path + " " + operation.getValue().path("x-role").asText();
  }

  private static String role(Access access) {
    return access.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Test
  void operations_haveUniqueIds_andReferencesResolve() throws IOException {
    JsonNode document = OpenApiDocument.tree();
    List<String> ids = new ArrayList<>();
    document.findValues("operationId").forEach(id -> ids.add(id.asText()));
    assertThat(ids).doesNotHaveDuplicates();

    Set<String> dangling = new HashSet<>();
    for (JsonNode reference : document.findValues("$ref")) {
      String pointer = reference.asText().substring(1);
      if (document.at(pointer).isMissingNode()) {
        dangling.add(pointer);
      }
    }
    assertThat(dangling).isEmpty();
  }

  @Test
  void operationsThatDoNotExistYet_areMarked() throws IOException {
    JsonNode paths = OpenApiDocument.tree().path("paths");
    for (NotAvailable.Call call : NotAvailable.CALLS) {
      @Nullable HttpMethod method = call.method();
      String key = method == null ? "x-any-method" : method.name().toLowerCase(Locale.ROOT);
      JsonNode operation = paths.path(call.path()).path(key);
      assertThat(operation.path("x-available").asBoolean(true)).as(call.path()).isFalse();
    }
  }
}
