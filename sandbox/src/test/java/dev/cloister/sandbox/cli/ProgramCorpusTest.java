package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.sandbox.Corpora;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs real programs and compares with what was recorded of them.
final class ProgramCorpusTest {
  private static final boolean HAS_VECTORS =
      EngineConfig.defaults().features().has(WasmFeature.SIMD);

  @TestFactory
  Stream<DynamicTest> kernel_givesItsRecordedChecksum() throws IOException {
    Path bench = Corpora.path("bench");
    return Files.readAllLines(bench.resolve("workloads.txt")).stream()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .map(line -> line.split(" ", -1))
        .flatMap(words ->
            Stream.of(
                kernel(bench, words[0], words[1], words[4]),
                kernel(bench, words[0], words[2], words[5])));
  }

  private static DynamicTest kernel(Path bench, String name, String n, String checksum) {
    Path module = bench.resolve(name + ".wasm");
    return DynamicTest.dynamicTest(
        name + " " + n,
        () -> {
          CommandRun run = CommandRun.of("run", "--invoke", "run", module, n);
          if (name.equals("simd") && !HAS_VECTORS) {
            run.assertFails(1, "feature simd");
          } else {
            run.assertPrints(checksum);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"pack", "stl"})
  void command_writesWhatWasRecorded(String name) throws IOException {
    Path programs = Corpora.path("programs");
    JsonNode program = program(programs, name);
    assertThat(program.path("runs")).isNotEmpty();
    for (JsonNode run : program.path("runs")) {
      List<Object> words = new ArrayList<>();
      words.add("run");
      words.add(programs.resolve(program.path("file").asText()));
      run.path("args").forEach(argument -> words.add(argument.asText()));
      byte[] input =
          run.has("stdin_file")
              ? Files.readAllBytes(programs.resolve(run.path("stdin_file").asText()))
              : run.path("stdin").asText().getBytes(StandardCharsets.UTF_8);

      CommandRun actual = CommandRun.withInput(input, words.toArray());

      assertThat(actual.out())
          .isEqualTo(Files.readAllBytes(programs.resolve(run.path("stdout_file").asText())));
      if (run.has("stderr")) {
        assertThat(actual.err()).isEqualTo(run.path("stderr").asText());
      }
      assertThat(actual.exitCode()).isEqualTo(run.path("exit").asInt());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gofmt", "quickjs", "sqlite", "rollup-parser"})
  void replay_passesEveryEvent(String name) throws IOException {
    Path programs = Corpora.path("programs");
    JsonNode program = program(programs, name);

    CommandRun.of(
            "replay",
            programs.resolve(program.path("trace").asText()),
            programs.resolve(program.path("file").asText()))
        .assertPrints(program.path("events").asInt() + " passed, 0 failed, 0 skipped");
  }

  private static JsonNode program(Path programs, String name) throws IOException {
    JsonNode manifest = new ObjectMapper().readTree(programs.resolve("manifest.json").toFile());
    for (JsonNode program : manifest.path("programs")) {
      if (program.path("name").asText().equals(name)) {
        return program;
      }
    }
    throw new AssertionError("no program " + name);
  }
}
