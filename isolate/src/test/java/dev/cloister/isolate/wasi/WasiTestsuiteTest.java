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
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The programs of WebAssembly/wasi-testsuite, each with a fresh file system in memory.
///
/// `wasi-testsuite.failures` lists what is known to fail and why; a program in it that passes fails
/// here.
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
  Stream<DynamicTest> programs_behaveAsRecorded() {
    Path suite = Corpora.folder("wasi-testsuite");
    return Corpora.array(suite.resolve("index.json")).stream()
        .map(JsonObject.class::cast)
        .map(entry -> {
          String file = entry.getString("file");
          return DynamicTest.dynamicTest(file, () -> assertThat(faultOf(suite, entry)).isEmpty());
        });
  }

  private static String faultOf(Path suite, JsonObject entry) throws IOException {
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
        MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, WasiClock.system());
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      if (entry.getString("root") != null) {
        copy(file.resolveSibling(entry.getString("root")), files.root());
        config.preopen(new Preopen("/", files.root(), /* isReadOnly= */ false));
      }
      try (GuestProgram program = GuestProgram.instantiate(module, store, config.build())) {
        code = program.runCommand();
      } catch (TrapException trap) {
        return trap + System.lineSeparator() + stderr.text();
      }
    }
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
          copy(child, (DirectoryNode) Objects.requireNonNull(target.lookup(name)));
        } else {
          byte[] bytes = Files.readAllBytes(child);
          target.createFile(name).write(0, bytes, 0, bytes.length);
        }
      }
    }
  }
}
