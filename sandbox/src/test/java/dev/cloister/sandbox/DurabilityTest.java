package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Strategy: a server in a process of its own is killed without warning in the midst of uploads,
/// again and again, and started on the same folder.
///
/// Invariants: every version whose upload was acknowledged is there with all its bytes and can be
/// called; every version that is listed has its bytes; nothing half-written is left; the server
/// always starts.
final class DurabilityTest {
  private static final int ROUNDS = 4;
  private static final int UPLOADERS = 3;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path parent;

  /// An upload that was acknowledged.
  private record Acknowledged(String plugin, String version, String tag) {}

  @Test
  void acknowledgedUploads_surviveKill() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.err.println("seed=" + seed);
    Random random = new Random(seed);
    Path folder = parent.resolve("data");
    List<Acknowledged> acknowledged = Collections.synchronizedList(new ArrayList<>());
    for (int round = 0; round < ROUNDS; round++) {
      try (ServerProcess server = ServerProcess.start(folder)) {
        TestClient client = server.operator();
        check(client, acknowledged);
        client.put("/v1/tenants/acme", "{}");
        int enough = acknowledged.size() + random.nextInt(1, 20);
        List<Thread> uploaders = upload(client, round, acknowledged);
        // The uploaders do not stop: some upload is under way whenever the process dies.
        await().atMost(PATIENCE).until(() -> acknowledged.size() >= enough);
        server.kill();
        for (Thread uploader : uploaders) {
          uploader.join();
        }
      }
    }
    try (ServerProcess server = ServerProcess.start(folder)) {
      check(server.operator(), acknowledged);
      assertThat(files(folder.resolve("blobs/tmp"))).isEmpty();
    }
  }

  private static List<Thread> upload(
      TestClient client, int round, List<Acknowledged> acknowledged) {
    List<Thread> uploaders = new ArrayList<>();
    for (int i = 0; i < UPLOADERS; i++) {
      String plugin = "p" + i;
      uploaders.add(
          Thread.startVirtualThread(() -> uploadUntilCut(client, round, plugin, acknowledged)));
    }
    return uploaders;
  }

  private static void uploadUntilCut(
      TestClient client, int round, String plugin, List<Acknowledged> acknowledged) {
    for (int count = 0; ; count++) {
      String tag = plugin + " " + round + " " + count;
      byte[] bytes = Modules.arithmetic(tag);
      try {
        Reply reply = client.upload("/v1/tenants/acme/plugins/" + plugin, bytes);
        if (reply.status() == 201) {
          String version = reply.json().path("version").asText();
          acknowledged.add(new Acknowledged(plugin, version, tag));
        }
      } catch (UncheckedIOException _) {
        // The server is gone.
        return;
      }
    }
  }

  private static void check(TestClient client, List<Acknowledged> acknowledged) {
    TestClient wasm = client.with("Accept", "application/wasm");
    for (Acknowledged upload : acknowledged) {
      String plugin = "/v1/tenants/acme/plugins/" + upload.plugin;
      Reply bytes = wasm.get(plugin + "/versions/" + upload.version).expect(200);
      assertThat(bytes.body()).isEqualTo(Modules.arithmetic(upload.tag));
    }
    for (JsonNode plugin : client.get("/v1/tenants/acme/plugins").json().path("items")) {
      String path = "/v1/tenants/acme/plugins/" + plugin.path("plugin").asText();
      for (JsonNode version : client.get(path + "/versions?limit=1000").json().path("items")) {
        wasm.get(path + "/versions/" + version.path("version").asText()).expect(200);
      }
      assertThat(client.post(path + "/call/add", "{\"args\":[2,40]}").expect(200).text())
          .isEqualTo("{\"results\":[42]}");
    }
  }

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

  private static List<Path> files(Path below) throws IOException {
    try (Stream<Path> files = Files.walk(below)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
