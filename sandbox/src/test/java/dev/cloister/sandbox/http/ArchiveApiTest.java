package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.storage.BlobDigest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A tenant leaves as an archive and comes back, whole or not at all.
final class ArchiveApiTest {
  private static final String ACME = "/v1/tenants/acme";
  private static final String COPY = "/v1/tenants/copy";

  @TempDir private Path folder;
  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start() {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put(ACME, "{\"limits\":{\"plugins\":5}}").expect(201);
    String first = upload("/plugins/math", "1");
    String second = upload("/plugins/math", "2");
    upload("/plugins/other", "1");
    operator.put(ACME + "/plugins/math/settings", "{\"environment\":{\"A\":\"1\"}}").expect(200);
    operator
        .put(
            ACME + "/plugins/math/aliases/canary",
            "{\"targets\":[{\"version\":\"%s\",\"weight\":9},{\"version\":\"%s\",\"weight\":1}]}"
                .formatted(first, second))
        .expect(200);
    operator.put(ACME + "/config", "{\"greeting\":\"hello\"}").expect(200);
    operator.put(ACME + "/kv/a/first", "one").expect(201);
    operator.put(ACME + "/kv/b", "x".repeat(100_000)).expect(201);
    operator.put(ACME + "/kv/%C3%A4%22", "umlaut").expect(201);
    operator.put(ACME + "/secrets", "{\"token\":\"hidden\"}").expect(200);
    operator.put(COPY, "{}").expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String upload(String plugin, String tag) {
    return operator
        .upload(ACME + plugin, Modules.arithmetic(tag))
        .expect(201)
        .json()
        .path("version")
        .asText();
  }

  private byte[] export() {
    Reply reply = operator.get(ACME + "/export").expect(200);
    assertThat(reply.header("content-type")).isEqualTo("application/zip");
    assertThat(reply.header("content-disposition")).contains("acme.zip");
    return reply.body();
  }

  private Reply bringIn(byte[] archive) {
    return operator.send(
        "POST", COPY + "/import", BodyPublishers.ofByteArray(archive), "application/zip");
  }

  private static Map<String, byte[]> entries(byte[] archive) {
    Map<String, byte[]> entries = new TreeMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(entry.getName(), zip.readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return entries;
  }

  private static byte[] archive(Map<String, byte[]> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] withManifest(byte[] archive, String from, String to) {
    Map<String, byte[]> entries = entries(archive);
    String manifest = new String(entries.get("manifest.json"), StandardCharsets.UTF_8);
    assertThat(manifest).contains(from);
    entries.put("manifest.json", manifest.replace(from, to).getBytes(StandardCharsets.UTF_8));
    return archive(entries);
  }

  private void checkCopy() {
    for (String plugin : new String[] {"/plugins/math", "/plugins/other"}) {
      JsonNode original = operator.get(ACME + plugin).expect(200).json();
      JsonNode copy = operator.get(COPY + plugin).expect(200).json();
      for (String field : new String[] {"live", "aliases", "versions", "abi", "exports"}) {
        assertThat(copy.path(field)).as(field).isEqualTo(original.path(field));
      }
      assertThat(operator.get(COPY + plugin + "/versions").text())
          .isEqualTo(operator.get(ACME + plugin + "/versions").text());
    }
    assertThat(operator.get(COPY + "/plugins/math/settings").text())
        .isEqualTo(operator.get(ACME + "/plugins/math/settings").text());
    assertThat(operator.get(COPY + "/config").text())
        .contains("hello")
        .isEqualTo(operator.get(ACME + "/config").text());
    assertThat(operator.get(COPY + "/limits").json().path("set").toString())
        .isEqualTo("{\"plugins\":5}");
    assertThat(operator.get(COPY + "/kv").text()).isEqualTo(operator.get(ACME + "/kv").text());
    for (String key : new String[] {"a/first", "b", "%C3%A4%22"}) {
      assertThat(operator.get(COPY + "/kv/" + key).expect(200).body())
          .isEqualTo(operator.get(ACME + "/kv/" + key).expect(200).body());
    }
    assertThat(storageBytes(COPY)).isEqualTo(storageBytes(ACME));
    assertThat(operator.get(COPY + "/secrets").text()).doesNotContain("token");
    operator.post(COPY + "/plugins/math/call/add", "{\"args\":[2,40]}").expect(200);
  }

  private long storageBytes(String tenant) {
    return operator.get(tenant + "/usage").json().at("/usage/storageBytes").asLong(-1);
  }

  @Test
  void archive_bringsEverythingBack_andTheSameAgainChangesNothing() throws IOException {
    byte[] archive = export();

    JsonNode done = bringIn(archive).expect(200).json();

    assertThat(done.path("plugins").asInt()).isEqualTo(2);
    assertThat(done.path("versions").asInt()).isEqualTo(3);
    assertThat(done.path("keyValues").asInt()).isEqualTo(3);
    checkCopy();
    assertThat(bringIn(archive).expect(200).json().path("versions").asInt()).isZero();
    checkCopy();
    server.close();
    server = TestServer.start(folder);
    operator = server.operator();
    checkCopy();
    await().untilAsserted(() -> assertThat(files("archives")).isZero());
    assertThat(files("blobs/tmp")).isZero();
    String events = operator.with("Accept", "application/json").get("/v1/events").text();
    assertThat(events).contains("tenant.export").contains("tenant.import");
  }

  @Test
  void archive_hasEachModuleOnce_andNoKeyOrSecret() {
    String key =
        operator
            .post(ACME + "/keys", "{\"role\":\"invoker\"}")
            .expect(201)
            .json()
            .path("id")
            .asText();

    Map<String, byte[]> entries = entries(export());

    assertThat(entries).hasSize(4);
    entries.forEach((name, bytes) -> {
      if (name.equals("manifest.json") || name.equals("key-values.ndjson")) {
        assertThat(new String(bytes, StandardCharsets.UTF_8))
            .doesNotContain(key)
            .doesNotContain("token")
            .doesNotContain("hidden");
      } else {
        assertThat(name).isEqualTo("blobs/sha256/" + BlobDigest.of(bytes).hex());
      }
    });
  }

  @Test
  void archiveThatIsWrongAnywhere_changesNothing() throws IOException {
    byte[] archive = export();
    Map<String, byte[]> changed = entries(archive);
    String last = ((TreeMap<String, byte[]>) changed).floorKey("c");
    changed.put(last, Modules.arithmetic("something else"));
    Map<String, byte[]> without = entries(archive);
    without.remove(last);
    Map<String, byte[]> noModule = entries(archive);
    noModule.put(last, "no module".getBytes(StandardCharsets.UTF_8));

    bringIn("no archive".getBytes(StandardCharsets.UTF_8)).problem(422, "invalid-archive");
    bringIn(archive(Map.of("x", new byte[1]))).problem(422, "invalid-archive");
    bringIn(archive(changed)).problem(422, "invalid-archive");
    bringIn(archive(without)).problem(422, "invalid-archive");
    bringIn(archive(noModule)).problem(422, "invalid-module");
    bringIn(withManifest(archive, "cloister-tenant", "other")).problem(422, "invalid-archive");
    bringIn(withManifest(archive, "\"formatVersion\":2", "\"formatVersion\":3"))
        .problem(422, "invalid-archive");
    bringIn(withManifest(archive, "\"weight\":9", "\"weight\":-9")).problem(400, "invalid-request");
    bringIn(withManifest(archive, "\"plugin\":\"other\"", "\"plugin\":\"Other\""))
        .problem(400, "invalid-request");
    bringIn(withManifest(archive, "\"plugins\":5", "\"plugins\":-1")).problem(422, "invalid-limit");
    bringIn(withManifest(archive, "\"plugins\":5", "\"plugins\":1")).problem(422, "limit");

    assertThat(operator.get(COPY + "/plugins").json().path("items")).isEmpty();
    assertThat(operator.get(COPY + "/config").text()).doesNotContain("hello");
    assertThat(operator.get(COPY + "/limits").json().path("set")).isEmpty();
    assertThat(files("blobs/sha256")).isEqualTo(2);
    assertThat(files("blobs/tmp")).isZero();
    await().untilAsserted(() -> assertThat(files("archives")).isZero());
    bringIn(archive).expect(200);
    checkCopy();
  }

  @Test
  void limits_ofTheTenant_hold() {
    byte[] archive = export();
    operator.put(COPY, "{\"limits\":{\"uploadBytes\":100}}").expect(200);
    bringIn(archive).problem(413, "request-too-large");
    operator.put(COPY, "{\"limits\":{\"uploadBytes\":null}}").expect(200);
    bringIn(withManifest(archive, "\"plugins\":5", "\"storageBytes\":100"))
        .problem(507, "storage-full");
    assertThat(operator.get(COPY + "/plugins").json().path("items")).isEmpty();
  }

  @Test
  void onlyOperators_bringIn_andNobodyTakesAnothersOut() {
    byte[] archive = export();
    TestClient admin = server.tenant("copy", "tenant-admin");

    admin
        .send("POST", COPY + "/import", BodyPublishers.ofByteArray(archive), "application/zip")
        .problem(403, "forbidden");
    admin.get(ACME + "/export").problem(404, "not-found");
    server.tenant("acme", "invoker").get(ACME + "/export").problem(403, "forbidden");
    server.tenant("acme", "tenant-admin").get(ACME + "/export").expect(200);
    operator.get("/v1/tenants/none/export").problem(404, "not-found");
    operator
        .send(
            "POST",
            "/v1/tenants/none/import",
            BodyPublishers.ofByteArray(archive),
            "application/zip")
        .problem(404, "not-found");
    operator.post(COPY + "/import", "{}").problem(415, "unsupported-media-type");
  }

  private long files(String below) throws IOException {
    Path path = folder.resolve(below);
    if (Files.notExists(path)) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(path)) {
      return files.filter(Files::isRegularFile).count();
    }
  }
}
