package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The port for debuggers of a server: it shows tenants for which debugging is on, and no others.
@Timeout(120)
final class GdbStubTest {
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /// Asks for the list of modules and returns it.
  private static String libraries(int port) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      String packet = "qXfer:libraries:read::0,fff";
      int sum = packet.chars().sum() & 0xFF;
      socket
          .getOutputStream()
          .write("+$%s#%02x".formatted(packet, sum).getBytes(StandardCharsets.US_ASCII));
      StringBuilder answer = new StringBuilder();
      int c = socket.getInputStream().read();
      while (c >= 0 && c != '#') {
        answer.append((char) c);
        c = socket.getInputStream().read();
      }
      return answer.toString();
    }
  }

  @Test
  void server_showsTenantsThatAreDebugged(@TempDir Path folder) throws Exception {
    int port = freePort();
    try (TestServer server =
        TestServer.start(folder, config -> config.withEngine(config.engine().withGdbPort(port)))) {
      TestClient operator = server.operator();
      operator.put("/v1/tenants/acme", "{}").expect(201);
      operator.upload("/v1/tenants/acme/plugins/math", Modules.arithmetic()).expect(201);
      assertThat(libraries(port)).isEqualTo("+$l<library-list></library-list>");

      operator.put("/v1/tenants/acme/debugging", "{\"enabled\":true}").expect(200);
      // The session before may take a moment to end; until then others are turned away.
      String list = "";
      while (list.isEmpty()) {
        list = libraries(port);
      }
      assertThat(list).contains("<library name=\"wasm://wasm/").contains("section address=\"0x");
    }
    assertThatThrownBy(() -> libraries(port)).isInstanceOf(ConnectException.class);
  }
}
