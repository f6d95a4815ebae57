package dev.cloister.isolate.abi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.Corpora;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.OutputSink;
import dev.cloister.isolate.wasi.WasiConfig;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The recorded runs of real WASI programs, byte by byte.
final class RealProgramsTest {
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
        .flatMap(program -> runs(folder, program));
  }

  private static Stream<DynamicTest> runs(Path folder, JsonObject program) {
    List<Object> runs = program.getJsonArray("runs").stream().toList();
    return IntStream.range(0, runs.size())
        .mapToObj(i -> {
          String name = program.getString("name") + " " + i;
          return DynamicTest.dynamicTest(
              name, () -> assertThat(faultOf(folder, program, (JsonObject) runs.get(i))).isEmpty());
        });
  }

  private static String faultOf(Path folder, JsonObject program, JsonObject run) {
    Captured stdout = new Captured();
    Captured stderr = new Captured();
    int code;
    try (ModuleHandle module =
            guests.compile(Corpora.bytes(folder.resolve(program.getString("file"))));
        Store store = new Store(HeapLimiter.UNLIMITED);
        GuestProgram guest =
            GuestProgram.instantiate(module, store, config(folder, program, run, stdout, stderr))) {
      code = guest.runCommand();
    } catch (WasmException fault) {
      return fault.toString();
    }
    if (code != run.getInteger("exit")) {
      return "exit " + code + ": " + stderr.text();
    }
    if (!Arrays.equals(
        stdout.bytes(), Corpora.bytes(folder.resolve(run.getString("stdout_file"))))) {
      return "stdout is " + stdout.text();
    }
    String expected = run.getString("stderr");
    return expected == null || stderr.text().equals(expected) ? "" : "stderr is " + stderr.text();
  }

  private static WasiConfig config(
      Path folder, JsonObject program, JsonObject run, OutputSink stdout, OutputSink stderr) {
    List<String> arguments = new ArrayList<>(List.of(program.getString("name")));
    run.getJsonArray("args").forEach(argument -> arguments.add((String) argument));
    return WasiConfig.builder()
        .arguments(arguments)
        .stdin(InputSource.of(input(folder, run)))
        .stdout(stdout)
        .stderr(stderr)
        .build();
  }

  private static byte[] input(Path folder, JsonObject run) {
    String file = run.getString("stdin_file");
    return file != null
        ? Corpora.bytes(folder.resolve(file))
        : run.getString("stdin").getBytes(StandardCharsets.UTF_8);
  }
}
