package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.http.field.DigestAlgorithm;
import dev.cloister.sandbox.http.field.DigestField;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Digests of bodies: those that clients send are checked, those that they want are sent.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DigestApiTest {
  private static final String ACME = "/v1/tenants/acme";

  private TestServer server;
  private TestClient operator;

  @BeforeAll
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put(ACME, "{}").expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static String digest(DigestAlgorithm algorithm, byte[] body) {
    return DigestField.text(algorithm, algorithm.start().digest(body));
  }

  private static String sha256(String body) {
    return digest(DigestAlgorithm.SHA_256, body.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void control_withAnotherBody_is400_andChangesNothing() {
    JsonNode problem =
        operator
            .with("Content-Digest", sha256("{\"limits\":{}}"))
            .put("/v1/tenants/other", "{}")
            .problem(400, "digest-mismatch");

    assertThat(problem.path("what").asText()).isEqualTo("Content-Digest");
    assertThat(problem.path("actual").asText()).isEqualTo(sha256("{}"));
    assertThat(problem.path("allowed").asText()).isEqualTo(sha256("{\"limits\":{}}"));
    operator.get("/v1/tenants/other").problem(404, "not-found");
  }

  @Test
  void control_withItsBody_isAccepted() {
    String sha512 = digest(DigestAlgorithm.SHA_512, "{}".getBytes(StandardCharsets.UTF_8));

    operator.with("Content-Digest", sha256("{}") + ", " + sha512).put(ACME, "{}").expect(200);
    operator.with("Repr-Digest", sha512).put(ACME, "{}").expect(200);
    operator.with("Content-Digest", "md5=:AAAA:").put(ACME, "{}").expect(200);
    operator.with("Content-Digest", "sha-256=?").put(ACME, "{}").problem(400, "invalid-request");
  }

  @Test
  void upload_withAnotherBody_is400_andLeavesNothing() {
    byte[] module = Modules.arithmetic();
    byte[] other = Modules.arithmetic("other");
    String path = ACME + "/plugins/checked";

    operator
        .with("Content-Digest", digest(DigestAlgorithm.SHA_512, other))
        .upload(path, module)
        .problem(400, "digest-mismatch");
    operator.get(path).problem(404, "not-found");
    operator
        .with("Repr-Digest", digest(DigestAlgorithm.SHA_256, module))
        .upload(path, module)
        .expect(201);
  }

  @Test
  void call_withAnotherBody_is400() {
    operator.upload(ACME + "/plugins/math", Modules.arithmetic()).expect(201);
    String call = ACME + "/plugins/math/call/add";
    String body = "{\"args\":[1,2]}";

    operator.with("Content-Digest", sha256("")).post(call, body).problem(400, "digest-mismatch");
    operator.with("Content-Digest", sha256(body)).post(call, body).expect(200);
  }

  @Test
  void download_hasItsDigest_andTheOneThatIsWanted() {
    byte[] module = Modules.arithmetic("download");
    String path = ACME + "/plugins/download";
    String version = operator.upload(path, module).expect(201).json().path("version").asText();
    TestClient reader = operator.with("Accept", "application/wasm");

    Reply plain = reader.get(path + "/versions/" + version).expect(200);
    Reply wanted =
        reader
            .with("Want-Repr-Digest", "sha-512=5, sha-256=1")
            .get(path + "/versions/" + version)
            .expect(200);

    assertThat(plain.header("repr-digest")).isEqualTo(digest(DigestAlgorithm.SHA_256, module));
    assertThat(wanted.header("repr-digest")).isEqualTo(digest(DigestAlgorithm.SHA_512, module));
    assertThat(wanted.body()).isEqualTo(module);
  }

  @Test
  void document_hasTheDigestThatIsWanted() {
    Reply reply = operator.with("Want-Content-Digest", "sha-256=1").get(ACME).expect(200);

    assertThat(reply.header("content-digest"))
        .isEqualTo(digest(DigestAlgorithm.SHA_256, reply.body()));
  }
}
