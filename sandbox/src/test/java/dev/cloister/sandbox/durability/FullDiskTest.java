package dev.cloister.sandbox.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.ServerProcess;
import dev.cloister.sandbox.fixture.TestClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server on a disk of 24 MB, which somebody else fills to the last byte.
///
/// The disk is a file system in memory, mounted in a name space of the server's process alone,
/// which needs no rights where the system lets users make such name spaces. Else the test is
/// skipped.
final class FullDiskTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";
  private static final String MOUNT =
      "mount -t tmpfs -o size=24m,mode=700 cloister \"$0\" && exec \"$@\"";

  @TempDir private Path folder;

  private ServerProcess start() throws Exception {
    Process probe = new ProcessBuilder("unshare", "-rm", "true").start();
    assumeTrue(
        probe.waitFor(10, TimeUnit.SECONDS) && probe.exitValue() == 0,
        "this system lets nobody mount a disk of its own");
    return ServerProcess.startWithin(
        folder, List.of("unshare", "-rm", "sh", "-c", MOUNT, folder.toString()));
  }

  private static void fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] some = new byte[512];
      while (true) {
        out.write(some);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }

  @Test
  void fullDisk_isSaid_losesNothing_andWorkGoesOnWhenThereIsSpace() throws Exception {
    try (ServerProcess server = start()) {
      TestClient operator = server.operator();
      operator.put("/v1/tenants/acme", "{\"limits\":{\"plugins\":7}}").expect(201);
      String first = version(operator.upload(MATH, Modules.arithmetic("1")).expect(201));
      operator.put(MATH + "/settings", settings("before")).expect(200);
      Path filler = server.inside(folder.resolve("filler"));
      fill(filler);

      operator.upload(MATH, Modules.arithmetic("2")).problem(507, "storage-full");
      // A small change may find room that the database has in reserve; some of many does not.
      List<String> acknowledged = new ArrayList<>(List.of("before"));
      Reply last = operator.put(MATH + "/settings", settings("full 0"));
      for (int i = 1; last.status() == 200 && i < 1_000; i++) {
        acknowledged.add("full " + (i - 1));
        last = operator.put(MATH + "/settings", settings("full " + i));
      }
      last.problem(507, "storage-full");
      operator.put("/v1/tenants/globex", "{}").problem(507, "storage-full");

      // What was there is there and works.
      operator.post(MATH + "/call/add", "{\"args\":[2,40]}").expect(200);
      assertThat(setting(operator)).isEqualTo(acknowledged.getLast());
      operator.get("/v1/tenants/globex").problem(404, "not-found");
      assertThat(
              operator.with("Accept", "application/wasm").get(MATH + "/versions/" + first).body())
          .isEqualTo(Modules.arithmetic("1"));
      assertThat(operator.get(MATH + "/versions").json().path("items")).hasSize(1);

      Files.delete(filler);

      operator.upload(MATH, Modules.arithmetic("2")).expect(201);
      operator.put(MATH + "/settings", settings("after")).expect(200);
      operator.put("/v1/tenants/globex", "{}").expect(201);
      assertThat(setting(operator)).isEqualTo("after");
      try (var files = Files.list(server.inside(folder.resolve("blobs/tmp")))) {
        assertThat(files).isEmpty();
      }
    }
  }

  private static String version(Reply reply) {
    return reply.json().path("version").asText();
  }

  private static String settings(String value) {
    return "{\"environment\":{\"N\":\"" + value + "\"}}";
  }

  private static String setting(TestClient client) {
    return client.get(MATH + "/settings").json().at("/environment/N").asText();
  }
}
