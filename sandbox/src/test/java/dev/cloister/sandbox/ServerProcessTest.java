package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.ServerProcess;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How a server in a process of its own ends, and how two of them keep out of each other's way.
final class ServerProcessTest {
  @TempDir private Path parent;

  @Test
  void sigterm_endsWithZero_andOnlyReadyOnStandardOutput() throws Exception {
    Path folder = parent.resolve("data");
    try (ServerProcess server = ServerProcess.start(folder)) {
      server.operator().put("/v1/tenants/acme", "{}").expect(201);

      ServerProcess.End end = server.terminate();

      assertThat(end.exitCode()).as(end.log()).isZero();
      assertThat(end.lines()).isEmpty();
      assertThat(end.log()).contains("event=started").contains("event=stopped");
    }
  }

  @Test
  void secondServerOnTheSameFolder_saysWhy() throws Exception {
    Path folder = parent.resolve("data");
    try (ServerProcess _ = ServerProcess.start(folder)) {
      Process second = ServerProcess.launch(folder);

      assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();

      assertThat(second.exitValue()).isNotZero();
      assertThat(ServerProcess.log(folder)).contains("is in use by another server");
    }
  }
}
