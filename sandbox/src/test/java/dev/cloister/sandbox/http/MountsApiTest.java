package dev.cloister.sandbox.http;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.sandbox.config.HostFolderConfig;
import dev.cloister.sandbox.fixture.FileGuests;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The directories of plugins of every convention: in memory, and folders of the machine.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class MountsApiTest {
  private static final String PLUGINS = "/v1/tenants/acme/plugins/";
  private static final String PLUGIN = PLUGINS + "maker";
  private static final int NOT_CAPABLE = 76;
  private static final int BAD_DESCRIPTOR = 8;
  private static final int EXISTS = 20;
  private static final int TOO_MANY_OPEN = 41;

  private Path writable = Path.of("");
  private Path readable = Path.of("");
  private TestServer server;
  private TestClient client;

  @BeforeAll
  void start(@TempDir Path folder) throws IOException {
    writable = Files.createDirectory(folder.resolve("writable"));
    readable = Files.createDirectory(folder.resolve("readable"));
    List<HostFolderConfig> folders =
        List.of(
            new HostFolderConfig("work", writable, /* isWritable= */ true, List.of("acme")),
            new HostFolderConfig(
                "read", readable, /* isWritable= */ false, List.of("acme", "tight")),
            new HostFolderConfig("theirs", readable, /* isWritable= */ false, List.of("other")));
    server = TestServer.start(folder.resolve("data"), config -> config.withHostFolders(folders));
    client = server.tenant("acme", "tenant-admin");
    client.upload(PLUGIN, fileMaker()).expect(201);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void withoutMounts_thereIsNoDirectory() {
    mount("");
    assertThat(exitCode()).isEqualTo(BAD_DESCRIPTOR);
  }

  @Test
  void scratch_isEmptyForEachCall() {
    mount("{\"path\":\"/tmp\"}");
    assertThat(exitCode()).isZero();
    assertThat(exitCode()).isZero(); // it is made with "exclusive"
  }

  @Test
  void directoryOfThePlugin_isThatOfAllItsCalls_untilItIsDeleted() {
    String other = "/v1/tenants/acme/plugins/other";
    client.upload(other, fileMaker()).expect(201);
    String settings = "{\"mounts\":[{\"path\":\"/kept\",\"type\":\"plugin\"}]}";
    client.put(other + "/settings", settings).expect(200);
    long charged = fileBytes();

    assertThat(exitCode(other)).isZero();
    assertThat(fileBytes()).isGreaterThan(charged);
    assertThat(exitCode(other)).isEqualTo(EXISTS);
    client.delete(other).expect(204);

    assertThat(fileBytes()).isEqualTo(charged);
  }

  @Test
  void exports_haveDirectories_alsoWhileTheyAreInitialized() {
    plugin("reactor", FileGuests.reactor(), "\"instance\":{\"policy\":\"fresh\"}", "scratch");
    assertThat(call("reactor", "prepared")).isZero();
    assertThat(call("reactor", "make")).isEqualTo(EXISTS);

    plugin("exports", FileGuests.exports(), "\"instance\":{\"policy\":\"fresh\"}", "scratch");
    assertThat(call("exports", "make")).isZero();
    assertThat(call("exports", "make")).isZero();
    plugin("exports", FileGuests.exports(), "\"instance\":{\"policy\":\"fresh\"}", "plugin");
    assertThat(call("exports", "make")).isZero();
    assertThat(call("exports", "make")).isEqualTo(EXISTS);
  }

  @Test
  void scratch_ofPooledInstances_isEmptyForEachCall_andOfStatefulOnes_isTheirs() {
    String pooled = "\"instance\":{\"policy\":\"pooled\",\"maxUses\":100}";
    plugin("pooled", FileGuests.exports(), pooled, "scratch");
    assertThat(call("pooled", "make")).isZero();
    assertThat(call("pooled", "make")).isZero();

    String stateful = "\"instance\":{\"policy\":\"stateful\"}";
    plugin("stateful", FileGuests.exports(), stateful, "scratch");
    long charged = fileBytes();
    assertThat(call("stateful", "make")).isZero();
    assertThat(call("stateful", "make")).isEqualTo(EXISTS);
    assertThat(fileBytes()).isGreaterThan(charged);

    // Other directories, and the same instance.
    plugin("stateful", FileGuests.exports(), stateful, "plugin");
    assertThat(call("stateful", "make")).isZero();
    client.put(PLUGINS + "stateful/settings", "{" + stateful + "}").expect(200);
    assertThat(call("stateful", "make")).isEqualTo(BAD_DESCRIPTOR);
  }

  @Test
  void extismPlugin_hasDirectories() {
    plugin("extism", FileGuests.extism(), "\"instance\":{\"policy\":\"fresh\"}", "plugin");

    client.post(PLUGINS + "extism/call/make", new byte[0]).expect(200);
    JsonNode problem =
        client.post(PLUGINS + "extism/call/make", new byte[0]).problem(422, "plugin-error");
    assertThat(problem.path("code").asInt()).isEqualTo(EXISTS);
  }

  @Test
  void handler_hasDirectories() throws IOException {
    Files.writeString(readable.resolve("data"), "file");
    client.upload(PLUGINS + "handler", FileGuests.handler()).expect(201);
    client
        .put(
            PLUGINS + "handler/settings",
            "{\"mounts\":[{\"path\":\"/\",\"type\":\"folder\",\"folder\":\"read\"}]}")
        .expect(200);

    assertThat(client.get(PLUGINS + "handler/http/").expect(200).text()).isEqualTo("file");
    Files.delete(readable.resolve("data"));
  }

  @Test
  void openFilesOfATenant_areLimited_andGivenBackWithItsInstances() throws IOException {
    Files.writeString(readable.resolve("data"), "file");
    TestClient tight = server.tenant("tight", "tenant-admin");
    server
        .operator()
        .put("/v1/tenants/tight/limits", "{\"limits\":{\"hostDescriptors\":20}}")
        .expect(200);
    String holder = "/v1/tenants/tight/plugins/holder";
    tight.upload(holder, FileGuests.exports()).expect(201);
    tight
        .put(
            holder + "/settings",
            "{\"instance\":{\"policy\":\"stateful\"},"
                + "\"mounts\":[{\"path\":\"/\",\"type\":\"folder\",\"folder\":\"read\"}]}")
        .expect(200);

    // Files of one instance, until it is told; then other instances, until there is no folder.
    int error = 0;
    for (int i = 0; error == 0 && i < 30; i++) {
      error = result(tight.post(holder + "/call/hold", "{}"));
    }
    assertThat(error).isEqualTo(TOO_MANY_OPEN);
    Reply refused = tight.post(holder + "/call/hold?instance=i0", "{}");
    for (int i = 1; refused.status() == 200 && i < 30; i++) {
      refused = tight.post(holder + "/call/hold?instance=i" + i, "{}");
    }
    JsonNode problem = refused.problem(422, "limit");
    assertThat(problem.path("limit").asText()).isEqualTo("hostDescriptors");
    assertThat(problem.path("used").asInt()).isEqualTo(21);
    assertThat(problem.path("allowed").asInt()).isEqualTo(20);

    tight.delete(holder + "/instances/default").expect(204);
    assertThat(result(tight.post(holder + "/call/hold?instance=new", "{}"))).isZero();
    Files.delete(readable.resolve("data"));
  }

  private void plugin(String name, byte[] module, String settings, String mount) {
    client.upload(PLUGINS + name, module);
    String mounts = "\"mounts\":[{\"path\":\"/\",\"type\":\"" + mount + "\"}]";
    client.put(PLUGINS + name + "/settings", "{" + settings + "," + mounts + "}").expect(200);
  }

  private int call(String plugin, String export) {
    return result(client.post(PLUGINS + plugin + "/call/" + export, "{}"));
  }

  private static int result(Reply reply) {
    return reply.expect(200).json().path("results").get(0).asInt();
  }

  private long fileBytes() {
    return client
        .get("/v1/tenants/acme/usage")
        .expect(200)
        .json()
        .path("memory")
        .path("FILE")
        .asLong();
  }

  @Test
  void folder_isTheMachines() throws IOException {
    mount("{\"path\":\"/data\",\"type\":\"folder\",\"folder\":\"work\"}");
    assertThat(exitCode()).isZero();
    assertThat(writable.resolve("made")).hasContent("hello");
    Files.delete(writable.resolve("made"));

    mount("{\"path\":\"/data\",\"type\":\"folder\",\"folder\":\"work\",\"readOnly\":true}");
    assertThat(exitCode()).isEqualTo(NOT_CAPABLE);
    mount("{\"path\":\"/data\",\"type\":\"folder\",\"folder\":\"read\"}");
    assertThat(exitCode()).isEqualTo(NOT_CAPABLE);
    assertThat(writable).isEmptyDirectory();
    assertThat(readable).isEmptyDirectory();
  }

  @Test
  void folderThatIsNotGranted_isRefused() {
    for (String name : List.of("theirs", "none")) {
      String mount = "{\"path\":\"/x\",\"type\":\"folder\",\"folder\":\"" + name + "\"}";
      JsonNode problem =
          client
              .put(PLUGIN + "/settings", "{\"mounts\":[" + mount + "]}")
              .problem(422, "capability-denied");
      assertThat(problem.path("actual").asText()).isEqualTo(name);
      assertThat(problem.path("allowed").toString()).isEqualTo("[\"work\",\"read\"]");
    }
  }

  @Test
  void wrongMounts_areRefusedWithTheirPlace() {
    assertRefused("mounts[0].path", "{}");
    assertRefused("mounts[0].path", "null");
    assertRefused("mounts[0].path", "{\"path\":\"tmp\"}");
    assertRefused("mounts[1].path", "{\"path\":\"/a\"},{\"path\":\"/a\"}");
    assertRefused("mounts[0].type", "{\"path\":\"/a\",\"type\":\"disk\"}");
    assertRefused("mounts[0].folder", "{\"path\":\"/a\",\"type\":\"folder\"}");
    assertRefused("mounts[0].folder", "{\"path\":\"/a\",\"folder\":\"work\"}");
    assertRefused("mounts[0].readOnly", "{\"path\":\"/a\",\"readOnly\":true}");
    assertRefused("mounts", "{\"path\":\"/a\"},".repeat(16) + "{\"path\":\"/a\"}");
  }

  @Test
  void serverWithAFolderThatIsNone_doesNotStart(@TempDir Path folder) {
    List<HostFolderConfig> missing =
        List.of(
            new HostFolderConfig(
                "gone", folder.resolve("gone"), /* isWritable= */ false, List.of()));

    assertThatThrownBy(() ->
            TestServer.start(folder.resolve("data"), config -> config.withHostFolders(missing)))
        .hasStackTraceContaining("hostFolders.gone: ")
        .hasStackTraceContaining("cannot be opened as a folder: NOENT");
  }

  @Test
  void folderWithinAWritableOne_doesNotStart(@TempDir Path folder) throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    List<HostFolderConfig> nested =
        List.of(
            new HostFolderConfig("outer", folder, /* isWritable= */ true, List.of()),
            new HostFolderConfig("inner", inner, /* isWritable= */ false, List.of()));

    assertThatThrownBy(() ->
            TestServer.start(folder.resolve("data"), config -> config.withHostFolders(nested)))
        .hasStackTraceContaining("hostFolders.inner lies within hostFolders.outer");
  }

  private void assertRefused(String what, String mounts) {
    JsonNode problem =
        client
            .put(PLUGIN + "/settings", "{\"mounts\":[" + mounts + "]}")
            .problem(400, "invalid-request");
    assertThat(problem.path("what").asText()).isEqualTo(what);
  }

  private void mount(String mount) {
    client.put(PLUGIN + "/settings", "{\"mounts\":[" + mount + "]}").expect(200);
  }

  private int exitCode() {
    return exitCode(PLUGIN);
  }

  private int exitCode(String plugin) {
    return Integer.parseInt(client.post(plugin + "/run", new byte[0]).header("cloister-exit-code"));
  }

  /// A command that makes a file `made` in its first directory, and exits with the error of that.
  private static byte[] fileMaker() {
    String wasi = "wasi_snapshot_preview1";
    int createExclusively = 1 | 1 << 2;
    long writeRight = 1 << 6;
    FuncType pathOpen =
        new FuncType(List.of(I32, I32, I32, I32, I32, I64, I64, I32, I32), List.of(I32));
    FuncType fdWrite = new FuncType(List.of(I32, I32, I32, I32), List.of(I32));
    return new ModuleBuilder()
        .importFunction(wasi, "path_open", pathOpen)
        .importFunction(wasi, "fd_write", fdWrite)
        .importFunction(wasi, "proc_exit", new FuncType(List.of(I32), List.of()))
        .memory(1)
        .data(32, new byte[] {80, 0, 0, 0, 5, 0, 0, 0}) // the bytes to write
        .data(64, "made".getBytes(StandardCharsets.UTF_8))
        .data(80, "hello".getBytes(StandardCharsets.UTF_8))
        .exportFunction(
            "_start",
            FuncType.EMPTY,
            code -> {
              int error = code.local(I32);
              code.i32Const(3).i32Const(0).i32Const(64).i32Const(4).i32Const(createExclusively);
              code.i64Const(writeRight).i64Const(0).i32Const(0).i32Const(0).call(0);
              code.localTee(error).ifThen().localGet(error).call(2).end();
              code.i32Const(0).access(Opcode.I32_LOAD, 0);
              code.i32Const(32).i32Const(1).i32Const(16).call(1).call(2);
            })
        .export("memory", ExternKind.MEMORY, 0)
        .build();
  }
}
