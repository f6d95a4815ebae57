package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.cloister.sandbox.config.HttpConfig;
import dev.cloister.sandbox.fixture.RawConnection;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests as no library would send them: malformed, ambiguous, slow, too large.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RawHttpTest {
  private static final String AUTHORIZATION =
      "Host: x\r\nAuthorization: Bearer " + TestServer.OPERATOR_KEY + "\r\n";
  private static final String HEALTH = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final int MAX_CONNECTIONS = 100;

  /// What is left to everything else of the process's descriptors.
  private static final long OTHER_DESCRIPTORS = 1_500;

  private static final int IDLE_CONNECTIONS =
      Boolean.getBoolean("slow") ? connectionsOf(10_000) : 500;

  private TestServer server;

  @BeforeAll
  void start(@TempDir Path folder) {
    HttpConfig.Connections limits =
        new HttpConfig.Connections(MAX_CONNECTIONS, Duration.ofMinutes(2), 1_000);
    server =
        TestServer.start(folder, config -> config.withHttp(config.http().withConnections(limits)));
    server.operator().put("/v1/tenants/acme", "{}").expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private RawConnection connect() throws IOException {
    return new RawConnection(server.url());
  }

  private static String put(String headers, String body) {
    return "PUT /v1/tenants/acme HTTP/1.1\r\n" + AUTHORIZATION + headers + "\r\n" + body;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: -2\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: 0x2\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 2\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Host: y\r\nContent-Length: 2\r\n",
        "No colon\r\n",
        "Null: a\u0000b\r\n",
        ": empty\r\n"
      })
  void ambiguousOrBrokenHeaders_are400_andEndTheConnection(String headers) throws IOException {
    try (RawConnection connection = connect()) {
      connection.write(put(headers, "{}") + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");

      RawConnection.Answer answer = connection.read();

      assertThat(answer.status()).isBetween(400, 415);
      assertThat(answer.headers().get("content-type")).isEqualTo("application/problem+json");
      assertThat(answer.body()).doesNotContain("smuggled");
      assertThat(connection.rest()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /healthz\r\nHost: x\r\n\r\n",
        "G T /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n"
      })
  void brokenFirstLine_is400(String request) throws IOException {
    try (RawConnection connection = connect()) {
      RawConnection.Answer answer = connection.write(request).read();

      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.headers().get("content-type")).isEqualTo("application/problem+json");
    }
    server.client(null).get("/healthz").expect(200);
  }

  @Test
  void longUrl_is414_andLongHeaders_are431() throws IOException {
    try (RawConnection connection = connect()) {
      RawConnection.Answer answer =
          connection.write("GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n").read();
      assertThat(answer.status()).isEqualTo(414);
      assertThat(answer.body()).contains("uri-too-long").contains("16384");
    }
    try (RawConnection connection = connect()) {
      String header = "A: " + "a".repeat(40_000) + "\r\n";
      RawConnection.Answer answer =
          connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\n" + header + "\r\n").read();
      assertThat(answer.status()).isEqualTo(431);
      assertThat(answer.body()).contains("headers-too-large").contains("headerBytes");
    }
    try (RawConnection connection = connect()) {
      String headers = "A: a\r\n".repeat(300);
      RawConnection.Answer answer =
          connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n").read();
      assertThat(answer.status()).isEqualTo(431);
      assertThat(answer.body()).contains("\"headers\"").contains("200");
    }
  }

  @Test
  void pipelinedRequests_areAnsweredInOrder() throws IOException {
    try (RawConnection connection = connect()) {
      connection.write(
          HEALTH
              + "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"
              + put("Content-Length: 2\r\n", "{}")
              + HEALTH);

      assertThat(connection.read().status()).isEqualTo(200);
      assertThat(connection.read().status()).isEqualTo(404);
      assertThat(connection.read().status()).isEqualTo(200);
      assertThat(connection.read().body()).contains("alive");
    }
  }

  @Test
  void bodyOfARefusedRequest_isNotTakenForARequest() throws IOException {
    String smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    try (RawConnection connection = connect()) {
      connection.write(
          "POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: "
              + smuggled.length()
              + "\r\n\r\n"
              + smuggled);
      connection.write("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n");

      assertThat(connection.read().status()).isEqualTo(404);
      assertThat(connection.read().status()).isEqualTo(404);
    }
  }

  @Test
  void expectation_isMet_onlyIfTheBodyIsWanted() throws IOException {
    try (RawConnection connection = connect()) {
      connection.write(put("Content-Length: 2\r\nExpect: 100-continue\r\n", ""));
      assertThat(connection.read().status()).isEqualTo(100);
      assertThat(connection.write("{}").read().status()).isEqualTo(200);
    }
    try (RawConnection connection = connect()) {
      connection.write(put("Content-Length: 99999999\r\nExpect: 100-continue\r\n", ""));
      assertThat(connection.read().status()).isEqualTo(413);
      assertThat(connection.isEnded()).isTrue();
    }
  }

  @Test
  void slowBody_is408() throws IOException {
    try (RawConnection connection = connect()) {
      connection.write(put("Content-Length: 1000\r\n", "{"));

      RawConnection.Answer answer = connection.read();

      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.body()).contains("request-timeout").contains("\"allowed\":1000");
      assertThat(connection.isEnded()).isTrue();
    }
  }

  @Test
  void slowUpload_is408_andLeavesNothing() throws IOException {
    try (RawConnection connection = connect()) {
      connection.write(
          "PUT /v1/tenants/acme/plugins/slow HTTP/1.1\r\n"
              + AUTHORIZATION
              + "Transfer-Encoding: chunked\r\n\r\n4\r\n\u0000asm\r\n");

      assertThat(connection.read().status()).isEqualTo(408);
    }
    server.operator().get("/v1/tenants/acme/plugins/slow").problem(404, "not-found");
  }

  @Test
  void foldedHeader_isOneHeader() throws IOException {
    try (RawConnection connection = connect()) {
      connection.write(put("Content-Length: 2\r\nFolded: a\r\n Host: b\r\n", "{}"));
      assertThat(connection.read().status()).isEqualTo(200);
    }
  }

  @Test
  void unknownVersion_isRefused() throws IOException {
    try (RawConnection connection = connect()) {
      connection.write("GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n");
      assertThat(connection.read().status()).isEqualTo(501);
    }
  }

  @Test
  void slowHeaders_endTheConnection_evenIfBytesCome(@TempDir Path folder) throws Exception {
    HttpConfig.Connections limits =
        new HttpConfig.Connections(MAX_CONNECTIONS, Duration.ofSeconds(2), 0);
    try (TestServer impatient =
            TestServer.start(
                folder, config -> config.withHttp(config.http().withConnections(limits)));
        RawConnection connection = new RawConnection(impatient.url())) {
      connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\n");
      int written = 0;
      try {
        while (written < 120) {
          connection.write("A: b\r\n");
          written++;
          Thread.sleep(500);
        }
      } catch (IOException _) {
        // The server has ended it.
      }
      assertThat(written).isLessThan(120);
      assertThat(connection.isEnded()).isTrue();
    }
  }

  /// As many as wanted or, where the process may not have both ends of so many, fewer.
  private static int connectionsOf(int wanted) {
    long descriptors =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix.getMaxFileDescriptorCount()
            : Long.MAX_VALUE;
    int count = Math.clamp((descriptors - OTHER_DESCRIPTORS) / 2, 100, wanted);
    System.err.println("idle connections=" + count + " descriptors=" + descriptors);
    return count;
  }

  @Test
  void idleConnections_doNotDisturbOthers_andOneTooManyIsClosed() throws IOException {
    List<RawConnection> idle = new ArrayList<>();
    try {
      for (int i = 0; i < IDLE_CONNECTIONS; i++) {
        idle.add(connect().write("GET /healthz HTTP/1.1\r\n"));
      }
      server.client(null).get("/healthz").expect(200);
      boolean isRefused = false;
      while (!isRefused && idle.size() <= IDLE_CONNECTIONS + MAX_CONNECTIONS) {
        RawConnection connection = connect();
        idle.add(connection);
        try {
          connection.write(HEALTH).read();
        } catch (IOException _) {
          isRefused = true;
        }
      }
      assertThat(isRefused).isTrue();
    } finally {
      for (RawConnection connection : idle) {
        connection.close();
      }
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .ignoreExceptions()
        .until(() -> server.client(null).get("/healthz").status() == 200);
  }
}
