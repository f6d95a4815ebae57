package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.RawConnection;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Uploads: what they make, what they refuse, and that a refused or broken one leaves nothing.
final class UploadApiTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient client;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    client = server.tenant("acme", "tenant-admin");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void upload_whoseTenantIsDeletedMeanwhile_is404() throws IOException {
    try (RawConnection connection = new RawConnection(server.url())) {
      connection.write(
          "PUT "
              + MATH
              + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/wasm\r\nAuthorization: Bearer "
              + TestServer.OPERATOR_KEY
              + "\r\nContent-Length: 1000000\r\n\r\n\0asm\1\0\0\0");
      await()
          .until(() -> {
            JsonNode jobs = server.operator().get("/v1/engine/compile-jobs").expect(200).json();
            return !jobs.path("items").isEmpty();
          });

      server.operator().delete("/v1/tenants/acme").expect(204);
      RawConnection.Answer answer = connection.write("\0".repeat(1_000)).read();

      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.body()).contains("not-found").contains("\"acme\"");
    }
    assertThat(storedBlobs()).isEmpty();
  }

  @Test
  void upload_ofAModule_makesALiveVersion() throws IOException {
    byte[] module = Modules.arithmetic();

    Reply reply = client.upload(MATH, module).expect(201);

    JsonNode version = reply.json();
    assertThat(version.path("version").asText()).matches("sha256:[0-9a-f]{64}");
    assertThat(version.path("abi").asText()).isEqualTo("plain");
    assertThat(version.path("script").asText()).startsWith("wasm://wasm/");
    assertThat(version.path("live").asBoolean()).isTrue();
    assertThat(version.path("imports")).isEmpty();
    assertThat(version.path("exports").get(0).toString())
        .isEqualTo(
            "{\"name\":\"add\",\"kind\":\"function\","
                + "\"params\":[\"i32\",\"i32\"],\"results\":[\"i32\"]}");
    assertThat(storedBlobs()).hasSize(1);
    Reply bytes =
        client
            .with("Accept", "application/wasm")
            .get(MATH + "/versions/" + version.path("version").asText());
    assertThat(bytes.expect(200).body()).isEqualTo(module);
    assertThat(bytes.header("content-type")).isEqualTo("application/wasm");
  }

  @Test
  void upload_ofTheSameBytes_is200() {
    client.upload(MATH, Modules.arithmetic()).expect(201);

    client.upload(MATH, Modules.arithmetic()).expect(200);

    assertThat(client.get(MATH + "/versions").json().path("items")).hasSize(1);
  }

  @Test
  void upload_withoutActivation_leavesTheLiveVersion() {
    String first = version(client.upload(MATH, Modules.arithmetic("1")).expect(201));

    String second =
        version(client.upload(MATH + "?activate=false", Modules.arithmetic("2")).expect(201));

    assertThat(client.get(MATH).json().path("live").asText()).isEqualTo(first);
    Reply call = client.post(MATH + "/call/add?version=" + second, "{\"args\":[1,2]}").expect(200);
    assertThat(call.header("cloister-version")).isEqualTo(second);
    client.upload(MATH, Modules.arithmetic("2")).expect(200);
    assertThat(client.get(MATH).json().path("live").asText()).isEqualTo(second);
  }

  @Test
  void upload_ofWhatIsNoModule_saysWhere() throws IOException {
    JsonNode malformed =
        client
            .upload(MATH, "not wasm".getBytes(StandardCharsets.UTF_8))
            .problem(422, "invalid-module");
    assertThat(malformed.path("detail").asText()).isEqualTo("magic header not detected");
    assertThat(malformed.path("offset").asInt()).isZero();

    byte[] module = Modules.arithmetic();
    byte[] truncated = Arrays.copyOf(module, module.length - 3);
    client.upload(MATH, truncated).problem(422, "invalid-module");
    client.upload(MATH, new byte[0]).problem(422, "invalid-module");

    client.get(MATH).problem(404, "not-found");
    assertNothingIsLeft();
  }

  @Test
  void upload_ofAnotherType_is415() {
    client
        .send("PUT", MATH, BodyPublishers.ofByteArray(Modules.arithmetic()), "text/plain")
        .problem(415, "unsupported-media-type");
  }

  @Test
  void upload_undeclared_isTakenForAModule() {
    client.send("PUT", MATH, BodyPublishers.ofByteArray(Modules.arithmetic()), null).expect(201);
  }

  @Test
  void upload_thatIsTooLarge_is413_announcedOrCounted() throws IOException {
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"uploadBytes\":1000}}");
    byte[] large = new byte[100_000];

    JsonNode announced = client.upload(MATH, large).problem(413, "request-too-large");
    assertThat(announced.path("used").asInt()).isEqualTo(100_000);
    Reply counted =
        client.send(
            "PUT",
            MATH,
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(padded(100_000))),
            "application/wasm");

    JsonNode problem = counted.problem(413, "request-too-large");
    assertThat(problem.path("limit").asText()).isEqualTo("uploadBytes");
    assertThat(problem.path("allowed").asInt()).isEqualTo(1000);
    assertNothingIsLeft();
  }

  /// A module that is valid as far as it goes: its one custom section is `size` bytes.
  private static byte[] padded(int size) {
    byte[] header = {0, 'a', 's', 'm', 1, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff, 3, 1, 'x'};
    return Arrays.copyOf(header, size);
  }

  @Test
  void upload_whoseConnectionIsCut_leavesNothing() throws IOException {
    byte[] module = padded(60_000);
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(head(module.length));
      out.write(module, 0, 40_000);
      out.flush();
      await().atMost(Duration.ofSeconds(10)).until(() -> !leftovers().isEmpty());
    }

    await().atMost(Duration.ofSeconds(10)).untilAsserted(this::assertNothingIsLeft);
    client.get(MATH).problem(404, "not-found");
    assertThat(usage("memoryBytes")).isZero();
  }

  @Test
  void upload_withExpectContinue_isAskedForItsBody_onlyIfItIsWanted() throws IOException {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      String head = new String(head(1 << 30), StandardCharsets.US_ASCII);
      out.write(
          head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 413").contains("request-too-large");
    }
  }

  @Test
  void upload_pastTheNumberOfVersionsOrBytes_isRefused_andLeavesNothing() throws IOException {
    client.upload(MATH, Modules.arithmetic("1")).expect(201);
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"versionsPerPlugin\":1}}");

    JsonNode versions = client.upload(MATH, Modules.arithmetic("2")).problem(422, "limit");

    assertThat(versions.path("limit").asText()).isEqualTo("versionsPerPlugin");
    server
        .operator()
        .put(
            "/v1/tenants/acme/limits",
            "{\"limits\":{\"versionsPerPlugin\":null,\"storageBytes\":300}}");
    JsonNode storage = client.upload(MATH, Modules.arithmetic("3")).problem(507, "storage-full");
    assertThat(storage.path("limit").asText()).isEqualTo("storageBytes");
    assertThat(storedBlobs()).hasSize(1);
    assertThat(leftovers()).isEmpty();
    JsonNode modules = server.operator().get("/v1/engine/native-modules").json().path("items");
    assertThat(modules).hasSize(1);
  }

  @Test
  void upload_overHttp2_worksLikeOverHttp1() throws IOException {
    TestClient http2 = server.http2();
    http2.get("/healthz").expect(200);

    http2.upload(MATH, padded(2_000_000)).problem(422, "invalid-module");
    http2.upload(MATH, Modules.arithmetic()).expect(201);
    server.operator().put("/v1/tenants/acme/limits", "{\"limits\":{\"uploadBytes\":1000}}");
    http2.upload(MATH, padded(2_000)).problem(413, "request-too-large");

    http2.post(MATH + "/call/add", "{\"args\":[2,40]}").expect(200);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void upload_byAnInvoker_isForbidden() {
    server.tenant("acme", "invoker").upload(MATH, Modules.arithmetic()).problem(403, "forbidden");
    server.client(null).upload(MATH, Modules.arithmetic()).problem(401, "unauthorized");
    server
        .tenant("globex", "tenant-admin")
        .upload(MATH, Modules.arithmetic())
        .problem(404, "not-found");
  }

  private Socket connect() throws IOException {
    URI address = URI.create(server.url());
    Socket socket = new Socket(address.getHost(), address.getPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private byte[] head(int length) {
    String head =
        "PUT "
            + MATH
            + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer "
            + TestServer.OPERATOR_KEY
            + "\r\nContent-Type: application/wasm\r\nContent-Length: "
            + length
            + "\r\n\r\n";
    return head.getBytes(StandardCharsets.US_ASCII);
  }

  private void assertNothingIsLeft() throws IOException {
    assertThat(leftovers()).isEmpty();
    assertThat(storedBlobs()).isEmpty();
    assertThat(server.operator().get("/v1/engine/native-modules").json().path("items")).isEmpty();
  }

  private long usage(String figure) {
    return client.get("/v1/tenants/acme/usage").json().path("usage").path(figure).asLong();
  }

  private List<Path> leftovers() {
    return files(folder.resolve("blobs/tmp"));
  }

  private List<Path> storedBlobs() {
    return files(folder.resolve("blobs/sha256"));
  }

  private static List<Path> files(Path below) {
    try (Stream<Path> files = Files.walk(below)) {
      return files.filter(Files::isRegularFile).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String version(Reply reply) {
    return reply.json().path("version").asText();
  }
}
