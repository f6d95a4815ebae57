package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The trace of a request: in its answer, in problems, and where it came from.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TraceApiTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  private TestServer server;
  private TestClient operator;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void trace_goesOnInTheAnswer() {
    Reply reply =
        operator
            .with("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01")
            .with("tracestate", "vendor=value")
            .get("/v1/tenants")
            .expect(200);

    assertThat(reply.header("traceparent")).startsWith("00-" + TRACE + "-").endsWith("-01");
    assertThat(reply.header("tracestate")).isEqualTo("vendor=value");
  }

  @Test
  void problem_namesItsTrace() {
    Reply known =
        operator
            .with("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-00")
            .get("/v1/tenants/none");
    Reply begun = operator.get("/no/such/path");

    assertThat(known.problem(404, "not-found").path("traceId").asText()).isEqualTo(TRACE);
    JsonNode problem = begun.problem(404, "not-found");
    assertThat(begun.header("traceparent")).contains(problem.path("traceId").asText());
    assertThat(problem.path("traceId").asText()).matches("[0-9a-f]{32}");
  }
}
