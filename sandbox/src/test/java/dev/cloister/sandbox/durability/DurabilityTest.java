package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Strategy: a server in a process of its own is killed without warning in the midst of uploads,
/// settings, aliases, keys, limits and deletions by several clients, again and again, and started
/// on the same folder. Some rounds kill it while it starts.
///
/// Invariants: every change that was acknowledged is there, byte by byte; of each change that was
/// under way all is there or nothing; modules that nothing names are gone, and no others; the
/// server always starts.
///
/// Rounds: `-Dcrash.rounds=N`, else 50 with `-Dslow=true`, else 10. A failure prints its seed,
/// which `-Dseed=` takes; the moment of death is never the same again.
final class DurabilityTest {
  private static final int ROUNDS =
      Integer.getInteger("crash.rounds", Boolean.getBoolean("slow") ? 50 : 10);
  private static final int MAX_CHANGES = 60;
  private static final int MAX_START_MILLIS = 1_500;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /// Processes that live for a second or two are started faster than they are made fast.
  private static final List<String> JVM_OPTIONS =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private static final String CONFIG =
      """
      engine:
        warmUp: false
        tierUp: false
        persistedCode: 0
      """;

  @TempDir private Path parent;

  private final List<PluginRegister> plugins =
      List.of(
          new PluginRegister("acme", "a"),
          new PluginRegister("acme", "b"),
          new PluginRegister("globex", "a"));
  private final List<TenantRegister> tenants =
      List.of(new TenantRegister("tenant-a"), new TenantRegister("tenant-b"));

  @Test
  void acknowledgedChanges_surviveKill() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.err.println("seed=" + seed);
    Random random = new Random(seed);
    Path folder = parent.resolve("data");
    Files.writeString(parent.resolve("cloister.yaml"), CONFIG);
    try (ServerProcess server = start(folder)) {
      server.operator().put("/v1/tenants/acme", "{}").expect(201);
      server.operator().put("/v1/tenants/globex", "{}").expect(201);
    }
    for (int round = 0; round < ROUNDS; round++) {
      if (random.nextInt(5) == 0) {
        killAtStart(folder, random.nextInt(MAX_START_MILLIS));
      }
      killUnderLoad(folder, random);
    }
    try (ServerProcess server = start(folder)) {
      check(server.operator(), folder);
    }
    System.err.println("rounds=" + ROUNDS + " changes=" + changes());
  }

  private ServerProcess start(Path folder) {
    return ServerProcess.start(folder, JVM_OPTIONS, options());
  }

  private List<String> options() {
    return List.of("--config", parent.resolve("cloister.yaml").toString());
  }

  private void killAtStart(Path folder, int afterMillis) throws Exception {
    Process process = ServerProcess.launch(folder, JVM_OPTIONS, options());
    if (!process.waitFor(afterMillis, TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private void killUnderLoad(Path folder, RandomGenerator random) throws Exception {
    try (ServerProcess server = start(folder);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      check(server.operator(), folder);
      AtomicInteger acknowledged = new AtomicInteger();
      List<Future<?>> clients = new ArrayList<>();
      for (Register<?> register : registers()) {
        Random own = new Random(random.nextLong());
        clients.add(
            threads.submit(() ->
                register.changeUntilCut(server.operator(), own, acknowledged::incrementAndGet)));
      }
      int enough = random.nextInt(1, MAX_CHANGES);
      await()
          .pollInterval(Duration.ofMillis(1))
          .atMost(PATIENCE)
          .until(() -> acknowledged.get() >= enough || clients.stream().anyMatch(Future::isDone));
      server.kill();
      for (Future<?> client : clients) {
        end(client);
      }
    }
  }

  private static void end(Future<?> client) throws Exception {
    try {
      client.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("a client failed", e.getCause());
    }
  }

  private void check(TestClient operator, Path folder) throws IOException {
    registers().forEach(register -> register.check(operator));
    Set<String> named = new HashSet<>();
    for (PluginRegister plugin : plugins) {
      plugin.state().versions().keySet().forEach(v -> named.add(v.substring("sha256:".length())));
    }
    assertThat(files(folder.resolve("blobs/sha256"))).containsExactlyInAnyOrderElementsOf(named);
    assertThat(files(folder.resolve("blobs/tmp"))).isEmpty();
  }

  private List<Register<?>> registers() {
    return Stream.of(plugins, tenants).<Register<?>>flatMap(Collection::stream).toList();
  }

  private int changes() {
    return registers().stream().mapToInt(Register::changes).sum();
  }

  private static List<String> files(Path below) throws IOException {
    try (Stream<Path> files = Files.walk(below)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> String.valueOf(file.getFileName()))
          .toList();
    }
  }
}
