package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The audit log as a whole: exported, and checked for records that were changed or taken away.
final class AuditApiTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    for (int i = 0; i < 5; i++) {
      server.operator().put("/v1/tenants/tenant-" + i, "{}").expect(201);
    }
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static List<JsonNode> lines(Reply reply) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : reply.text().split("\n", -1)) {
      if (!line.isEmpty()) {
        lines.add(MAPPER.readTree(line));
      }
    }
    return lines;
  }

  /// Changes the database behind the server's back, while it is down.
  private void tamper(String sql) throws SQLException {
    server.close();
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("cloister.db"));
        Statement statement = connection.createStatement()) {
      assertThat(statement.executeUpdate(sql)).isEqualTo(1);
    }
    server = TestServer.start(folder);
  }

  private JsonNode verification() {
    return server.operator().get("/v1/events/verification").expect(200).json();
  }

  @Test
  void export_isEveryRecord_oldestFirst_eachBehindTheOneBefore() throws IOException {
    Reply reply = server.operator().get("/v1/events?format=ndjson").expect(200);

    assertThat(reply.header("content-type")).isEqualTo("application/x-ndjson");
    List<JsonNode> lines = lines(reply);
    assertThat(lines).hasSize(5);
    for (int i = 1; i < lines.size(); i++) {
      assertThat(lines.get(i).path("previousHash")).isEqualTo(lines.get(i - 1).path("hash"));
      assertThat(lines.get(i).path("target").asText()).isEqualTo("tenant-" + i);
      assertThat(lines.get(i).path("remote").asText()).isEqualTo("127.0.0.1");
    }
    assertThat(lines(server.operator().get("/v1/events?format=ndjson&tenant=tenant-3"))).hasSize(1);
    assertThat(
            lines(
                server
                    .operator()
                    .with("Accept", "application/x-ndjson")
                    .with("Last-Event-ID", lines.get(3).path("id").asText())
                    .get("/v1/events")))
        .hasSize(1);
    server.operator().get("/v1/events?format=csv").problem(400, "invalid-request");
  }

  @Test
  void verification_ofAnUntouchedLog_isValid() throws IOException {
    JsonNode result = verification();

    assertThat(result.path("valid").asBoolean()).isTrue();
    assertThat(result.path("records").asInt()).isEqualTo(5);
    List<JsonNode> lines = lines(server.operator().get("/v1/events?format=ndjson"));
    assertThat(result.path("head")).isEqualTo(lines.getLast().path("hash"));
  }

  @Test
  void verification_findsARecordThatWasChanged() throws SQLException {
    tamper("UPDATE audit SET actor = 'somebody' WHERE id = 3");

    assertThat(verification().path("valid").asBoolean()).isFalse();
    assertThat(verification().path("brokenId").asText()).isEqualTo("3");
  }

  @Test
  void verification_findsARecordThatWasTakenAway() throws SQLException {
    tamper("DELETE FROM audit WHERE id = 3");

    assertThat(verification().path("brokenId").asText()).isEqualTo("4");
  }

  @Test
  void verification_findsAHashThatWasMadeAnew() throws SQLException {
    tamper("UPDATE audit SET hash = '" + "0".repeat(64) + "' WHERE id = 2");

    assertThat(verification().path("brokenId").asText()).isEqualTo("2");
  }
}
