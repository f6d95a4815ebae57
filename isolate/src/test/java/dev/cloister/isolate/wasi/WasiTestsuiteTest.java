package dev.cloister.isolate.wasi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.abi.GuestProgram;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.Corpora;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.wasi.linux.HostFolder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// The programs of WebAssembly/wasi-testsuite, each with a fresh file system: in memory, and a
/// folder of this machine.
final class WasiTestsuiteTest {
  private static Guests guests = new Guests();

  @BeforeAll
  static void start() {
    guests = new Guests();
  }

  @AfterAll
  static void stop() {
    guests.close();
  }

  @TestFactory
  Stream<DynamicTest> programsInMemory_behaveAsRecorded() {
    return programs(WasiTestsuiteTest::inMemory);
  }

  @TestFactory
  Stream<DynamicTest> programsInHostFolders_behaveAsRecorded(@TempDir Path folder) {
    AtomicInteger count = new AtomicInteger();
    return programs(fixture -> inFolder(fixture, folder.resolve("f" + count.getAndIncrement())));
  }

  private static Stream<DynamicTest> programs(RootFactory roots) {
    Path suite = Corpora.folder("wasi-testsuite");
    return Corpora.array(suite.resolve("index.json")).stream()
        .map(JsonObject.class::cast)
        .map(entry -> {
          String file = entry.getString("file");
          return DynamicTest.dynamicTest(
              file, () -> assertThat(faultOf(suite, entry, roots)).isEmpty());
        });
  }

  /// Makes the directory that a program is given.
  @FunctionalInterface
  private interface RootFactory {
    DirectoryNode of(Path fixture) throws IOException;
  }

  private static DirectoryNode inMemory(Path fixture) throws IOException {
    DirectoryNode root = new MemoryFileSystem(FileQuota.UNLIMITED, WasiClock.system()).root();
    copy(fixture, root);
    return root;
  }

  private static DirectoryNode inFolder(Path fixture, Path folder) throws IOException {
    Files.createDirectory(folder);
    HostFolder shared = HostFolder.of(folder, /* isReadOnly= */ false);
    DirectoryNode root = shared.open(BlockingRegion.NONE);
    copy(fixture, root);
    return root;
  }

  private static String faultOf(Path suite, JsonObject entry, RootFactory roots)
      throws IOException {
    Path file = suite.resolve(entry.getString("file"));
    Captured stdout = new Captured();
    Captured stderr = new Captured();
    WasiConfig.Builder config =
        WasiConfig.builder()
            .arguments(arguments(file, entry))
            .environment(environment(entry))
            .stdout(stdout)
            .stderr(stderr);
    int code;
    try (ModuleHandle module = guests.compile(Corpora.bytes(file));
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      @Nullable DirectoryNode root = null;
      if (entry.getString("root") != null) {
        root = roots.of(file.resolveSibling(entry.getString("root")));
        config.preopen(new Preopen("/", root, /* isReadOnly= */ false));
      }
      try (GuestProgram program = GuestProgram.instantiate(module, store, config.build())) {
        code = program.runCommand();
      } catch (TrapException trap) {
        return trap + System.lineSeparator() + stderr.text();
      } finally {
        if (root != null) {
          root.release();
        }
      }
    }
    assertThat(HostFolder.openDescriptors()).isZero();
    String expected = entry.getString("stdout");
    if (expected != null && !expected.equals(stdout.text())) {
      return "stdout is " + stdout.text();
    }
    return code == entry.getInteger("exit_code", 0) ? "" : "exit " + code + ": " + stderr.text();
  }

  private static List<String> arguments(Path file, JsonObject entry) {
    List<String> arguments = new ArrayList<>();
    arguments.add(file.getFileName().toString());
    entry.getJsonArray("args").forEach(argument -> arguments.add((String) argument));
    return arguments;
  }

  private static Map<String, String> environment(JsonObject entry) {
    Map<String, String> environment = new LinkedHashMap<>();
    entry
        .getJsonObject("env")
        .forEach(variable -> environment.put(variable.getKey(), (String) variable.getValue()));
    return environment;
  }

  private static void copy(Path source, DirectoryNode target) throws IOException {
    try (Stream<Path> children = Files.list(source)) {
      for (Path child : children.toList()) {
        String name = child.getFileName().toString();
        if (Files.isDirectory(child)) {
          target.createDirectory(name);
          DirectoryNode made = (DirectoryNode) Objects.requireNonNull(target.lookup(name));
          copy(child, made);
          made.release();
        } else {
          byte[] bytes = Files.readAllBytes(child);
          RegularFileNode made = target.createFile(name);
          made.write(0, bytes, 0, bytes.length);
          made.release();
        }
      }
    }
  }
}
