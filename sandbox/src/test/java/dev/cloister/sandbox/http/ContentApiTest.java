package dev.cloister.sandbox.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.FileGuests;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that come with a version: uploaded as a bundle, mounted, listed, exported, collected.
final class ContentApiTest {
  private static final String ACME = "/v1/tenants/acme";
  private static final String PLUGIN = ACME + "/plugins/site";
  private static final String SETTINGS =
      "{\"mounts\":[{\"path\":\"/content\",\"type\":\"content\"}]}";
  private static final int READ_ONLY = 69;
  private static final int NOT_CAPABLE = 76;

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
  void contentOfAVersion_isWhatItsCallsRead_andNobodyChangesIt() {
    String first = upload(FileGuests.bundle(FileGuests.exports(), "data", "one!"));
    client.put(PLUGIN + "/settings", SETTINGS).expect(200);
    assertThat(read("")).isEqualTo("one!");
    String second = upload(FileGuests.bundle(FileGuests.exports(), "data", "two!"));

    assertThat(read("")).isEqualTo("two!");
    assertThat(read("?version=" + first)).isEqualTo("one!");
    assertThat(call("make", "")).isIn(READ_ONLY, NOT_CAPABLE);
    assertThat(second).isNotEqualTo(first);

    // A version without files has an empty directory.
    client.upload(PLUGIN, FileGuests.exports()).expect(201);
    assertThat(call("read", "")).isZero();
  }

  @Test
  void handler_servesItsContent() {
    upload(FileGuests.bundle(FileGuests.handler(), "data", "page"));
    client.put(PLUGIN + "/settings", SETTINGS).expect(200);

    assertThat(client.get(PLUGIN + "/http/").expect(200).text()).isEqualTo("page");
  }

  @Test
  void content_isListed_andComesBack_alsoAfterARestart() {
    byte[] bundle = FileGuests.bundle(FileGuests.exports(), "b/c", "12", "data", "file");
    JsonNode uploaded = put(bundle).expect(201).json();
    String version = uploaded.path("version").asText();

    assertThat(uploaded.path("content").toString())
        .isEqualTo(
            "[{\"path\":\"b/c\",\"sizeBytes\":2,\"digest\":"
                + "\"sha256:6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918\"},"
                + "{\"path\":\"data\",\"sizeBytes\":4,\"digest\":"
                + "\"sha256:3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80\"}]");
    String path = PLUGIN + "/versions/" + version;
    client.put(PLUGIN + "/settings", SETTINGS).expect(200);
    server.stop();
    server = TestServer.start(folder);
    client = server.operator();

    assertThat(client.get(path).expect(200).json().path("content"))
        .isEqualTo(uploaded.path("content"));
    Reply bytes = client.with("Accept", "application/zip").get(path).expect(200);
    assertThat(bytes.body()).isEqualTo(bundle);
    assertThat(bytes.header("content-type")).isEqualTo("application/zip");
    assertThat(read("")).isEqualTo("file");
    put(bundle).expect(200);
  }

  @Test
  void content_isCharged_whileTheVersionIsLoaded() {
    byte[] large = FileGuests.bundle(FileGuests.exports(), "data", "x".repeat(100_000));
    assertThat(fileBytes()).isZero();
    String version = upload(large);

    assertThat(fileBytes()).isBetween(100_000L, 101_000L);
    assertThat(client.get(PLUGIN).json().path("sizeBytes").asLong()).isEqualTo(large.length);

    client.delete(PLUGIN).expect(204);
    assertThat(fileBytes()).isZero();
    assertThat(version).startsWith("sha256:");
    assertThat(folder.resolve("blobs/sha256/" + version.substring(7, 9))).isEmptyDirectory();
  }

  @Test
  void contentThatUnpacksToMoreThanTheTenantHas_isRefused() {
    server.operator().put(ACME + "/limits", "{\"limits\":{\"memoryBytes\":8388608}}").expect(200);
    byte[] bomb =
        FileGuests.zip(zip -> {
          FileGuests.put(zip, "plugin.wasm", FileGuests.exports());
          FileGuests.put(zip, "content/zeros", new byte[64 << 20]);
        });
    assertThat(bomb).hasSizeLessThan(100_000);

    JsonNode problem = put(bomb).problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("memoryBytes");
    assertThat(fileBytes()).isZero();
    client.get(PLUGIN).problem(404, "not-found");
  }

  @Test
  void tooManyFiles_areRefused() {
    byte[] many =
        FileGuests.zip(zip -> {
          FileGuests.put(zip, "plugin.wasm", FileGuests.exports());
          for (int i = 0; i < 10_000; i++) {
            FileGuests.put(zip, "content/" + i, new byte[0]);
          }
        });

    JsonNode problem = put(many).problem(422, "limit");

    assertThat(problem.path("limit").asText()).isEqualTo("contentFiles");
    JsonNode deep =
        put(FileGuests.bundle(FileGuests.exports(), "d/".repeat(40) + "f", ""))
            .problem(422, "limit");
    assertThat(deep.path("limit").asText()).isEqualTo("contentDepth");
    assertThat(fileBytes()).isZero();
  }

  @Test
  void pathsThatLeadElsewhere_areRefusedByName() {
    for (String path : new String[] {"../x", "a/../../x", "/x", "a//x", "a\\x", "./x"}) {
      JsonNode problem =
          put(FileGuests.bundle(FileGuests.exports(), path, "")).problem(422, "invalid-archive");
      assertThat(problem.path("what").asText()).isEqualTo("content/" + path);
    }
    JsonNode stranger =
        put(FileGuests.zip(zip -> {
          FileGuests.put(zip, "plugin.wasm", FileGuests.exports());
          FileGuests.put(zip, "../../etc/passwd", new byte[0]);
        }))
            .problem(422, "invalid-archive");
    assertThat(stranger.path("what").asText()).isEqualTo("../../etc/passwd");
    JsonNode twice =
        put(FileGuests.zip(zip -> {
          FileGuests.put(zip, "plugin.wasm", FileGuests.exports());
          FileGuests.put(zip, "content/a", new byte[0]);
          FileGuests.put(zip, "content/a/b", new byte[0]);
        }))
            .problem(422, "invalid-archive");
    assertThat(twice.path("what").asText()).isEqualTo("content/a/b");
  }

  @Test
  void bundleWithoutAPlugin_orWithAFaultyOne_isRefused() {
    put(FileGuests.zip(zip -> FileGuests.put(zip, "content/a", new byte[0])))
        .problem(422, "invalid-archive");
    put("PK\3\4 but no archive".getBytes(UTF_8)).problem(422, "invalid-archive");
    JsonNode faulty =
        put(FileGuests.bundle(new byte[] {0, 'a', 's', 'm'})).problem(422, "invalid-module");
    assertThat(faulty.path("offset").asInt()).isEqualTo(4);
    byte[] whole = FileGuests.bundle(FileGuests.exports(), "data", "file");
    byte[] cut = Arrays.copyOf(whole, whole.length - 30);
    put(cut).problem(422, "invalid-archive");
    client.get(PLUGIN).problem(404, "not-found");
  }

  @Test
  void bundleOfAManifest_isALinkedPlugin() {
    String wasm = Base64.getEncoder().encodeToString(FileGuests.extism());
    byte[] bundle =
        FileGuests.zip(zip -> {
          FileGuests.put(
              zip, "manifest.json", ("{\"wasm\":[{\"data\":\"" + wasm + "\"}]}").getBytes(UTF_8));
          FileGuests.put(zip, "content/data", "file".getBytes(UTF_8));
        });

    JsonNode uploaded = put(bundle).expect(201).json();
    client.put(PLUGIN + "/settings", SETTINGS).expect(200);

    assertThat(uploaded.path("abi").asText()).isEqualTo("extism");
    client.post(PLUGIN + "/call/hold", new byte[0]).expect(200);
  }

  @Test
  void content_travelsWithItsTenant() {
    String version = upload(FileGuests.bundle(FileGuests.exports(), "data", "file"));
    client.put(PLUGIN + "/settings", SETTINGS).expect(200);
    byte[] archive = server.operator().get(ACME + "/export").expect(200).body();

    server.operator().put("/v1/tenants/other", "{}").expect(201);
    server
        .operator()
        .send(
            "POST",
            "/v1/tenants/other/import",
            BodyPublishers.ofByteArray(archive),
            "application/zip")
        .expect(200);

    assertThat(
            server
                .operator()
                .post("/v1/tenants/other/plugins/site/call/read?version=" + version, "{}")
                .expect(200)
                .json()
                .path("results")
                .get(0)
                .asInt())
        .isEqualTo(number("file"));
  }

  @Test
  void bundle_isNoModule_andAModuleIsNoBundle() {
    client.upload(PLUGIN, FileGuests.bundle(FileGuests.exports())).problem(422, "invalid-module");
    client
        .send("PUT", PLUGIN, BodyPublishers.ofByteArray(Modules.arithmetic()), "application/zip")
        .problem(422, "invalid-manifest");
  }

  private Reply put(byte[] bundle) {
    return client.send("PUT", PLUGIN, BodyPublishers.ofByteArray(bundle), "application/zip");
  }

  private String upload(byte[] bundle) {
    return put(bundle).expect(201).json().path("version").asText();
  }

  private int call(String export, String query) {
    return client
        .post(PLUGIN + "/call/" + export + query, "{}")
        .expect(200)
        .json()
        .path("results")
        .get(0)
        .asInt();
  }

  /// The first four bytes of the file `data`, as a call of the plugin finds them.
  private String read(String query) {
    byte[] bytes = new byte[Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(call("read", query));
    return new String(bytes, UTF_8);
  }

  private static int number(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8)).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  private long fileBytes() {
    return server
        .operator()
        .get(ACME + "/usage")
        .expect(200)
        .json()
        .path("memory")
        .path("FILE")
        .asLong();
  }
}
