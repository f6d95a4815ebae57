package dev.cloister.sandbox.http;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Archives that are damaged, or made to do harm: each is refused with a reason, and leaves
/// nothing.
final class HostileArchiveTest {
  private static final String ACME = "/v1/tenants/acme";
  private static final String COPY = "/v1/tenants/copy";
  private static final String PAIRS = "key-values.ndjson";
  private static final String MANIFEST = "manifest.json";

  @TempDir private Path parent;
  private TestServer server;
  private TestClient operator;
  private byte[] archive;

  @BeforeEach
  void start() {
    server = TestServer.start(parent.resolve("data"));
    operator = server.operator();
    operator.put(ACME, "{}").expect(201);
    operator.put(COPY, "{}").expect(201);
    operator.upload(ACME + "/plugins/math", Modules.arithmetic("1")).expect(201);
    operator.put(ACME + "/kv/a", "one").expect(201);
    operator.put(ACME + "/kv/b", "two").expect(201);
    archive = operator.get(ACME + "/export").expect(200).body();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Reply bringIn(byte[] bytes) {
    return operator.send(
        "POST", COPY + "/import", BodyPublishers.ofByteArray(bytes), "application/zip");
  }

  private void checkNothingIsThere() throws IOException {
    assertThat(operator.get(COPY + "/plugins").json().path("items")).isEmpty();
    assertThat(operator.get(COPY + "/kv").json().path("items")).isEmpty();
    assertThat(files("blobs/sha256")).isEqualTo(1);
    assertThat(files("blobs/tmp")).isZero();
    await().untilAsserted(() -> assertThat(files("archives")).isZero());
    try (Stream<Path> all = Files.list(parent)) {
      assertThat(all).containsExactly(parent.resolve("data"));
    }
  }

  private long files(String below) throws IOException {
    try (Stream<Path> files = Files.walk(parent.resolve("data").resolve(below))) {
      return files.filter(Files::isRegularFile).count();
    }
  }

  private Map<String, byte[]> entries() {
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

  private static byte[] zip(Map<String, byte[]> entries) {
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

  private static String line(String key, byte[] value) {
    return "{\"key\":\"%s\",\"value\":\"%s\",\"updatedAt\":\"2026-01-31T12:00:00Z\"}%n"
        .formatted(key, Base64.getEncoder().encodeToString(value));
  }

  /// An archive with other pairs, of which the manifest says what they are.
  private byte[] withPairs(String lines, long count, long bytes) {
    Map<String, byte[]> entries = entries();
    entries.put(PAIRS, lines.getBytes(UTF_8));
    String digest = BlobDigest.of(lines.getBytes(UTF_8)).toString();
    return zip(
        withManifest(
            entries,
            "\"keyValues\":\\{[^}]*}",
            "\"keyValues\":{\"count\":%d,\"bytes\":%d,\"digest\":\"%s\"}"
                .formatted(count, bytes, digest)));
  }

  private static Map<String, byte[]> withManifest(
      Map<String, byte[]> entries, String pattern, String replacement) {
    String manifest = new String(entries.get(MANIFEST), UTF_8);
    assertThat(manifest).containsPattern(pattern);
    entries.put(MANIFEST, manifest.replaceFirst(pattern, replacement).getBytes(UTF_8));
    return entries;
  }

  @Test
  void archiveThatIsCutAnywhere_isRefused() throws IOException {
    for (int i = 0; i < 40; i++) {
      byte[] cut = Arrays.copyOf(archive, archive.length * i / 40);
      bringIn(cut).problem(422, "invalid-archive");
    }
    checkNothingIsThere();
    bringIn(archive).expect(200);
  }

  @Test
  void archiveWithAnyByteChanged_isRefused_orBringsWhatWasExported() throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < 60; i++) {
      byte[] changed = archive.clone();
      int at = random.nextInt(changed.length);
      changed[at] ^= (byte) (1 << random.nextInt(8));
      Reply reply = bringIn(changed);
      if (reply.status() == 200) {
        // Dates and attributes of entries are nobody's.
        assertThat(operator.get(COPY + "/kv/a").text()).isEqualTo("one");
        operator.post(COPY + "/plugins/math/call/add", "{\"args\":[2,40]}").expect(200);
        operator.delete(COPY).expect(204);
        operator.put(COPY, "{}").expect(201);
      } else {
        assertThat(reply.status()).as("%d: %s", at, reply.text()).isBetween(400, 499);
      }
    }
    checkNothingIsThere();
  }

  @Test
  void pairsThatAreWrong_areRefused_withTheLine() throws IOException {
    String good = line("a", new byte[1]);
    assertThat(what(withPairs(good + line("a", new byte[1]), 2, 4)))
        .isEqualTo(PAIRS + " line 2 key");
    assertThat(what(withPairs(line("b", new byte[1]) + good, 2, 4)))
        .isEqualTo(PAIRS + " line 2 key");
    assertThat(what(withPairs(good + "{}\n", 2, 2))).isEqualTo(PAIRS + " line 2 key");
    assertThat(what(withPairs("no JSON\n", 1, 2))).isEqualTo(PAIRS + " line 1");
    assertThat(what(withPairs(good.strip(), 1, 2))).isEqualTo(PAIRS + " line 1");
    assertThat(what(withPairs(good.replace("\"AA==\"", "\"?\""), 1, 2)))
        .isEqualTo(PAIRS + " line 1 value");
    assertThat(what(withPairs(good.replace("\"AA==\"", "null"), 1, 2)))
        .isEqualTo(PAIRS + " line 1 value");
    assertThat(what(withPairs(good.replace("2026-01-31", "soon"), 1, 2)))
        .isEqualTo(PAIRS + " line 1 updatedAt");
    assertThat(what(withPairs(line("", new byte[1]), 1, 1))).isEqualTo(PAIRS + " line 1");
    assertThat(what(withPairs(line("k".repeat(5_000), new byte[1]), 1, 5_001)))
        .isEqualTo(PAIRS + " line 1");
    assertThat(what(withPairs(line("k", new byte[(1 << 20) + 1]), 1, (1 << 20) + 2)))
        .isEqualTo(PAIRS + " line 1");
    assertThat(what(withPairs("x".repeat(3 << 20), 1, 1))).isEqualTo(PAIRS + " line 1");
    assertThat(what(withPairs(good, 2, 2))).isEqualTo("keyValues.count");
    assertThat(what(withPairs(good, 1, 3))).isEqualTo("keyValues.bytes");
    Map<String, byte[]> other = entries();
    String swapped = line("a", "two".getBytes(UTF_8)) + line("b", "one".getBytes(UTF_8));
    other.put(PAIRS, swapped.getBytes(UTF_8));
    assertThat(what(zip(other))).isEqualTo("keyValues.digest");
    Map<String, byte[]> without = entries();
    without.remove(PAIRS);
    assertThat(what(zip(without))).isEqualTo("the entry " + PAIRS);
    checkNothingIsThere();
  }

  private String what(byte[] bytes) {
    return bringIn(bytes).problem(422, "invalid-archive").path("what").asText();
  }

  @Test
  void pairsBeyondTheQuota_areRefused_withWhatTheTenantHasAlready() throws IOException {
    String lines = line("a", new byte[600]) + line("b", new byte[600]);
    byte[] large = withPairs(lines, 2, 1_202);
    JsonNode problem = bringIn(withLimit(large, 1_000)).problem(507, "storage-full");
    assertThat(problem.path("used").asLong()).isEqualTo(1_202);
    assertThat(problem.path("allowed").asLong()).isEqualTo(1_000);
    checkNothingIsThere();

    // Fits by itself, but not with what is there.
    long module = Modules.arithmetic("1").length;
    operator.put(COPY + "/kv/c", "x".repeat(2_000)).expect(201);
    problem = bringIn(withLimit(large, module + 2_500)).problem(507, "storage-full");
    assertThat(problem.path("used").asLong()).isEqualTo(module + 1_202 + 2_001);
    operator.delete(COPY + "/kv/c").expect(204);
    checkNothingIsThere();
  }

  private byte[] withLimit(byte[] bytes, long storageBytes) {
    archive = bytes;
    return zip(
        withManifest(
            entries(), "\"limits\":\\{}", "\"limits\":{\"storageBytes\":" + storageBytes + "}"));
  }

  @Test
  void moduleThatIsABomb_endsWhereTheQuotaEnds() throws IOException {
    Map<String, byte[]> entries = entries();
    String module = ((TreeMap<String, byte[]>) entries).floorKey("c");
    // A custom section of 40 MB in 40 kB.
    byte[] bomb = Arrays.copyOf(Modules.arithmetic("1"), 40_000_000);
    int end = Modules.arithmetic("1").length;
    bomb[end] = 0;
    for (int i = 0, rest = bomb.length - end - 6; i < 5; i++, rest >>>= 7) {
      bomb[end + 1 + i] = (byte) ((rest & 0x7f) | (i < 4 ? 0x80 : 0));
    }
    entries.put(module, bomb);
    byte[] small = zip(entries);
    assertThat(small.length).isLessThan(100_000);

    JsonNode problem = bringIn(withLimit(small, 1_000_000)).problem(507, "storage-full");

    assertThat(problem.path("used").asLong()).isBetween(1_000_000L, 1_100_000L);
    checkNothingIsThere();
  }

  @Test
  void entriesWithPathsOfOthers_areWrittenNowhere() throws IOException {
    Map<String, byte[]> entries = entries();
    for (String name : new String[] {"../outside", "/tmp/../outside", "blobs/../../../outside"}) {
      entries.put(name, "x".getBytes(UTF_8));
    }
    bringIn(zip(entries)).expect(200);
    operator.delete(COPY).expect(204);
    operator.put(COPY, "{}").expect(201);

    Map<String, byte[]> named = entries();
    String module = ((TreeMap<String, byte[]>) named).floorKey("c");
    String version = "sha256:" + module.substring(module.lastIndexOf('/') + 1);
    assertThat(what(zip(withManifest(named, version, "sha256:../../../outside"))))
        .isEqualTo("plugins.0.versions");
    checkNothingIsThere();
  }

  @Test
  void directoryThatWouldFillTheMemory_isNotRead() throws IOException {
    byte[] large = archive.clone();
    ByteBuffer end = ByteBuffer.wrap(large).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(large.length - 10, 0x7fff_ffff);
    assertThat(what(large)).isEqualTo("the archive's directory");

    // With the record of 64 bits, which needs a place of its own.
    byte[] end64 = new byte[56 + 20 + 22];
    ByteBuffer records = ByteBuffer.wrap(end64).order(ByteOrder.LITTLE_ENDIAN);
    records.putInt(0, 0x06064b50).putLong(40, 1L << 40);
    records.putInt(56, 0x07064b50).putLong(56 + 8, archive.length);
    records.putInt(76, 0x06054b50).putInt(76 + 12, 0xffff_ffff);
    byte[] with64 = Arrays.copyOf(archive, archive.length + end64.length);
    System.arraycopy(end64, 0, with64, archive.length, end64.length);
    assertThat(what(with64)).isEqualTo("the archive's directory");
    ByteBuffer.wrap(with64).order(ByteOrder.LITTLE_ENDIAN).putLong(archive.length + 64, -1);
    assertThat(what(with64)).isEqualTo("the archive's end");
    checkNothingIsThere();
  }
}
