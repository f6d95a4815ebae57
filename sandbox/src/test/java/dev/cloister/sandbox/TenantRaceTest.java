package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.storage.BlobDigest;
import java.nio.file.Path;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A tenant that is created, deleted and uploaded to at once: each request is done or refused.
final class TenantRaceTest {
  private static final int ROUNDS = 150;
  private static final String OTHER = "/v1/tenants/acme/plugins/other";

  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  private CompletableFuture<Void> repeat(String what, Set<Integer> allowed, IntSupplier request) {
    return CompletableFuture.runAsync(() -> {
      for (int i = 0; i < ROUNDS; i++) {
        int status = request.getAsInt();
        if (!allowed.contains(status)) {
          wrong.add(what + " " + status);
        }
      }
    });
  }

  @Test
  void tenant_isThereOrNot_whateverHappensAtOnce(@TempDir Path folder) {
    byte[] module = Modules.arithmetic();
    byte[] other = Modules.arithmetic("other");
    String call = "/call/add?version=" + BlobDigest.of(other);
    try (TestServer server = TestServer.start(folder)) {
      CompletableFuture.allOf(
              repeat(
                  "put",
                  Set.of(200, 201),
                  () -> server.operator().put("/v1/tenants/acme", "{}").status()),
              repeat(
                  "put",
                  Set.of(200, 201),
                  () -> server.operator().put("/v1/tenants/acme", "{}").status()),
              repeat(
                  "delete",
                  Set.of(204, 404),
                  () -> server.operator().delete("/v1/tenants/acme").status()),
              repeat(
                  "upload",
                  // 422: the ledger of a tenant that goes takes no more.
                  Set.of(200, 201, 404, 409, 422),
                  () -> server.operator().upload("/v1/tenants/acme/plugins/math", module).status()),
              repeat(
                  "upload another",
                  Set.of(200, 201, 404, 409, 422),
                  () -> server.operator().upload(OTHER + "?activate=false", other).status()),
              repeat(
                  "call what is not loaded",
                  Set.of(200, 404, 422, 503),
                  () -> server.operator().post(OTHER + call, "{\"args\":[1,2]}").status()))
          .join();
      server.operator().put("/v1/tenants/acme", "{}");
      server.operator().get("/v1/tenants/acme").expect(200);
    }
    assertThat(wrong).isEmpty();
    try (TestServer again = TestServer.start(folder)) {
      again.operator().get("/v1/tenants/acme").expect(200);
    }
  }
}
