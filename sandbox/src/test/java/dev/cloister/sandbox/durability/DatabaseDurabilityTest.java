package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.PostgresProcess;
import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Strategy: the load of [DurabilityTest] on a server whose data is in PostgreSQL. Every other
/// round kills the server, which is started on an empty data folder; the others kill PostgreSQL,
/// all of its processes at once, and start it again under the server, which goes on.
///
/// Invariants: those of [DurabilityTest]; what the server knows after the database was away is what
/// the database knows; clients hear of what was not done, and nothing that was is lost.
///
/// Rounds: `-Dcrash.rounds=N`, else 50 with `-Dslow=true`, else 4.
final class DatabaseDurabilityTest {
  private static final int ROUNDS =
      Integer.getInteger("crash.rounds", Boolean.getBoolean("slow") ? 50 : 4);
  private static final int ROUNDS_OF_A_LINE = 25;
  private static final int MAX_AWAY_MILLIS = 500;

  @TempDir private Path parent;

  private final CrashLoad load = new CrashLoad();

  @Test
  void acknowledgedChanges_surviveKillOfServerAndDatabase() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.err.println("seed=" + seed);
    Random random = new Random(seed);
    try (PostgresProcess database = PostgresProcess.start(parent.resolve("postgres"))) {
      String section =
          "cluster:%n  database:%n    url: %s%n    user: postgres%n".formatted(database.url());
      Files.writeString(parent.resolve("cloister.yaml"), CrashLoad.CONFIG + section);
      try (ServerProcess server = start(0)) {
        load.prepare(server.operator());
      }
      for (int round = 1; round <= ROUNDS; round++) {
        try (ServerProcess server = start(round)) {
          check(server.operator(), database);
          if (round % 2 == 0) {
            load.run(server, random, /* isStaying= */ true, () -> cut(database, random));
            load.check(server.operator());
          } else {
            load.run(server, random, /* isStaying= */ false, server::kill);
          }
        }
        if (round % ROUNDS_OF_A_LINE == 0) {
          System.err.println("rounds=" + round + " changes=" + load.changes());
        }
      }
      try (ServerProcess server = start(ROUNDS + 1)) {
        check(server.operator(), database);
      }
    }
    System.err.println("rounds=" + ROUNDS + " changes=" + load.changes());
  }

  private ServerProcess start(int round) {
    return ServerProcess.start(
        parent.resolve("data-" + round),
        CrashLoad.JVM_OPTIONS,
        List.of("--config", parent.resolve("cloister.yaml").toString()));
  }

  private static void cut(PostgresProcess database, Random random) throws InterruptedException {
    database.kill();
    // How long it is away, not how long something takes.
    Thread.sleep(random.nextInt(MAX_AWAY_MILLIS));
    database.restart();
  }

  /// After a start, when leftovers are gone.
  private void check(TestClient operator, PostgresProcess database) throws SQLException {
    load.check(operator);
    try (Connection connection = database.connect()) {
      assertThat(texts(connection, "SELECT digest FROM blob"))
          .containsExactlyInAnyOrderElementsOf(load.blobs());
      assertThat(texts(connection, "SELECT id FROM blob_content")).hasSize(load.blobs().size());
    }
  }

  private static List<String> texts(Connection connection, String query) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts;
  }
}
