package dev.cloister.sandbox.durability;

import static org.awaitility.Awaitility.await;

import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/// Clients that change a server at once, each a part of its own, until something crashes; and what
/// must be there afterwards.
final class CrashLoad {
  static final Duration PATIENCE = Duration.ofMinutes(2);

  /// Processes that live for a second or two are started faster than they are made fast.
  static final List<String> JVM_OPTIONS = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  static final String CONFIG =
      """
      engine:
        warmUp: false
        tierUp: false
        persistedCode: 0
      """;

  private static final int MAX_CHANGES = 60;

  private final List<PluginRegister> plugins =
      List.of(
          new PluginRegister("acme", "a"),
          new PluginRegister("acme", "b"),
          new PluginRegister("globex", "a"));
  private final List<TenantRegister> tenants =
      List.of(new TenantRegister("tenant-a"), new TenantRegister("tenant-b"));
  private final List<KeyValueRegister> keyValues = List.of(new KeyValueRegister("acme"));

  /// Makes the tenants that stay.
  void prepare(TestClient operator) {
    operator.put("/v1/tenants/acme", "{}").expect(201);
    operator.put("/v1/tenants/globex", "{}").expect(201);
  }

  /// Lets all clients change the server, and `crash` happen after some changes. Returns when no
  /// client is left.
  ///
  /// @param isStaying whether the server stays and may fail meanwhile; else it is gone
  void run(ServerProcess server, RandomGenerator random, boolean isStaying, CrashAction crash)
      throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicInteger acknowledged = new AtomicInteger();
      AtomicBoolean hasCrashed = new AtomicBoolean();
      List<Future<?>> clients = new ArrayList<>();
      for (Register<?> register : registers()) {
        Random own = new Random(random.nextLong());
        clients.add(
            threads.submit(() ->
                register.changeUntilCut(
                    server.operator(),
                    own,
                    acknowledged::incrementAndGet,
                    () -> isStaying && hasCrashed.get())));
      }
      int enough = random.nextInt(1, MAX_CHANGES);
      await()
          .pollInterval(Duration.ofMillis(1))
          .atMost(PATIENCE)
          .until(() -> acknowledged.get() >= enough || clients.stream().anyMatch(Future::isDone));
      hasCrashed.set(true);
      crash.run();
      for (Future<?> client : clients) {
        end(client);
      }
    }
  }

  /// Something that ends without warning.
  @FunctionalInterface
  interface CrashAction {
    void run() throws Exception;
  }

  private static void end(Future<?> client) throws Exception {
    try {
      client.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("a client failed", e.getCause());
    }
  }

  /// Checks that all is there that was acknowledged, and nothing by half.
  void check(TestClient operator) {
    registers().forEach(register -> register.check(operator));
  }

  /// Returns the digests of the blobs that there must be, in hexadecimal digits; after [#check].
  Set<String> blobs() {
    Set<String> named = new HashSet<>();
    for (PluginRegister plugin : plugins) {
      plugin.state().versions().keySet().forEach(v -> named.add(v.substring("sha256:".length())));
    }
    return named;
  }

  /// Returns how many changes were acknowledged.
  int changes() {
    return registers().stream().mapToInt(Register::changes).sum();
  }

  private List<Register<?>> registers() {
    return Stream.of(plugins, tenants, keyValues).<Register<?>>flatMap(Collection::stream).toList();
  }
}
