package dev.cloister.isolate.abi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.Corpora;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.WasiConfig;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The recorded runs of real WASI programs, byte by byte.
final class RealProgramsTest {
  /// Programs that need what the engine does not have yet.
  private static final Set<String> LATER = Set.of("kotlin-text");

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
  Stream<DynamicTest> runs_matchTheRecording() {
    Path folder = Corpora.folder("programs");
    return Corpora.object(folder.resolve("manifest.json")).getJsonArray("programs").stream()
        .map(JsonObject.class::cast)
        .filter(program -> program.getString("mode").equals("wasi"))
        .filter(program -> !LATER.contains(program.getString("name")))
        .flatMap(program -> runs(folder, program));
  }

  private static Stream<DynamicTest> runs(Path folder, JsonObject program) {
    List<Object> runs = program.getJsonArray("runs").stream().toList();
    return IntStream.range(0, runs.size())
        .mapToObj(
            i ->
                DynamicTest.dynamicTest(
                    program.getString("name") + " " + i,
                    () -> check(folder, program, (JsonObject) runs.get(i))));
  }

  private static void check(Path folder, JsonObject program, JsonObject run) {
    Captured stdout = new Captured();
    Captured stderr = new Captured();
    List<String> arguments = new ArrayList<>(List.of(program.getString("name")));
    run.getJsonArray("args").forEach(argument -> arguments.add((String) argument));
    WasiConfig config =
        WasiConfig.builder()
            .arguments(arguments)
            .stdin(InputSource.of(input(folder, run)))
            .stdout(stdout)
            .stderr(stderr)
            .build();
    try (ModuleHandle module =
            guests.compile(Corpora.bytes(folder.resolve(program.getString("file"))));
        Store store = new Store(HeapLimiter.UNLIMITED);
        GuestProgram guest = GuestProgram.instantiate(module, store, config)) {
      assertThat(guest.runCommand()).isEqualTo(run.getInteger("exit"));
    }
    assertThat(stdout.bytes())
        .isEqualTo(Corpora.bytes(folder.resolve(run.getString("stdout_file"))));
    if (run.getString("stderr") != null) {
      assertThat(stderr.text()).isEqualTo(run.getString("stderr"));
    }
  }

  private static byte[] input(Path folder, JsonObject run) {
    String file = run.getString("stdin_file");
    return file != null
        ? Corpora.bytes(folder.resolve(file))
        : run.getString("stdin").getBytes(StandardCharsets.UTF_8);
  }
}
