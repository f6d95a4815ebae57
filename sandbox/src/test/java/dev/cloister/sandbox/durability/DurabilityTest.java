package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Strategy: a server in a process of its own is killed without warning in the midst of uploads,
/// settings, aliases, keys, limits, key-values and deletions by several clients, again and again,
/// and started on the same folder. Some rounds kill it while it starts.
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
  private static final int ROUNDS_OF_A_LINE = 25;
  private static final int MAX_START_MILLIS = 1_500;

  @TempDir private Path parent;

  private final CrashLoad load = new CrashLoad();

  @Test
  void acknowledgedChanges_surviveKill() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.err.println("seed=" + seed);
    Random random = new Random(seed);
    Path folder = parent.resolve("data");
    Files.writeString(parent.resolve("cloister.yaml"), CrashLoad.CONFIG);
    try (ServerProcess server = start(folder)) {
      load.prepare(server.operator());
    }
    for (int round = 1; round <= ROUNDS; round++) {
      if (random.nextInt(5) == 0) {
        killAtStart(folder, random.nextInt(MAX_START_MILLIS));
      }
      try (ServerProcess server = start(folder)) {
        check(server.operator(), folder);
        load.run(server, random, /* isStaying= */ false, server::kill);
      }
      if (round % ROUNDS_OF_A_LINE == 0) {
        System.err.println("rounds=" + round + " changes=" + load.changes());
      }
    }
    try (ServerProcess server = start(folder)) {
      check(server.operator(), folder);
    }
    System.err.println("rounds=" + ROUNDS + " changes=" + load.changes());
  }

  private ServerProcess start(Path folder) {
    return ServerProcess.start(folder, CrashLoad.JVM_OPTIONS, options());
  }

  private List<String> options() {
    return List.of("--config", parent.resolve("cloister.yaml").toString());
  }

  private void killAtStart(Path folder, int afterMillis) throws Exception {
    Process process = ServerProcess.launch(folder, CrashLoad.JVM_OPTIONS, options());
    if (!process.waitFor(afterMillis, TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(CrashLoad.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  private void check(TestClient operator, Path folder) throws IOException {
    load.check(operator);
    assertThat(files(folder.resolve("blobs/sha256")))
        .containsExactlyInAnyOrderElementsOf(load.blobs());
    assertThat(files(folder.resolve("blobs/tmp"))).isEmpty();
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
