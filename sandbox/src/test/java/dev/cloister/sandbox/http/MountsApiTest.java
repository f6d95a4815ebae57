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

/// The directories of commands: in memory, and folders of the machine.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class MountsApiTest {
  private static final String PLUGIN = "/v1/tenants/acme/plugins/maker";
  private static final int NOT_CAPABLE = 76;
  private static final int BAD_DESCRIPTOR = 8;

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
            new HostFolderConfig("read", readable, /* isWritable= */ false, List.of("acme")),
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
    return Integer.parseInt(client.post(PLUGIN + "/run", new byte[0]).header("cloister-exit-code"));
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
