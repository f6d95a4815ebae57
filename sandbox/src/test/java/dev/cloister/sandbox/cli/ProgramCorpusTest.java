package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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

/// Runs real programs in the code that instances begin in and in optimized code, and compares with
/// what was recorded of them.
final class ProgramCorpusTest {
  private static final List<String> TIERS = List.of("baseline", "optimized");

  @TestFactory
  Stream<DynamicTest> kernel_givesItsRecordedChecksum() throws IOException {
    Path bench = Corpora.path("bench");
    return Files.readAllLines(bench.resolve("workloads.txt")).stream()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .map(line -> line.split(" ", -1))
        .flatMap(words ->
            TIERS.stream()
                .flatMap(tier ->
                    Stream.of(
                        kernel(tier, bench, words[0], words[1], words[4]),
                        kernel(tier, bench, words[0], words[2], words[5]))));
  }

  private static DynamicTest kernel(
      String tier, Path bench, String name, String n, String checksum) {
    Path module = bench.resolve(name + ".wasm");
    return DynamicTest.dynamicTest(
        name + " " + n + " " + tier,
        () ->
            CommandRun.of("run", "--tier", tier, "--invoke", "run", module, n)
                .assertPrints(checksum));
  }

  @TestFactory
  Stream<DynamicTest> command_writesWhatWasRecorded() throws IOException {
    return tests(
        "wasi",
        (tier, program) -> {
          assertThat(program.path("runs")).isNotEmpty();
          for (JsonNode run : program.path("runs")) {
            assertRuns(tier, program, run);
          }
        });
  }

  private static void assertRuns(String tier, JsonNode program, JsonNode run) throws IOException {
    Path programs = Corpora.path("programs");
    List<Object> words = new ArrayList<>();
    words.addAll(List.of("run", "--tier", tier));
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

  /// To the last event, with the memory of the end.
  @TestFactory
  Stream<DynamicTest> replay_passesEveryEvent() throws IOException {
    return tests(
        "replay",
        (tier, program) -> {
          Path programs = Corpora.path("programs");
          CommandRun.of(
                  "replay",
                  "--tier",
                  tier,
                  programs.resolve(program.path("trace").asText()),
                  programs.resolve(program.path("file").asText()))
              .assertPrints(program.path("events").asInt() + " passed, 0 failed, 0 skipped");
        });
  }

  /// All functions, none of which is larger than a JVM method may be.
  @TestFactory
  Stream<DynamicTest> module_compilesWhole() throws IOException {
    return tests(
        "compile",
        (tier, program) -> {
          Path file = Corpora.path("programs").resolve(program.path("file").asText());
          CommandRun run = CommandRun.of("compile", "--tier", tier, "--stats", file);

          assertThat(run.err()).isEmpty();
          assertThat(run.lines())
              .map(line -> line.replaceAll(" {2,}", " "))
              .contains(
                  "functions " + program.path("functions").asInt(), "methods above 65535 bytes 0");
        });
  }

  /// What is done with a program in a tier.
  @FunctionalInterface
  private interface Check {
    void run(String tier, JsonNode program) throws IOException;
  }

  private static Stream<DynamicTest> tests(String mode, Check check) throws IOException {
    JsonNode manifest =
        new ObjectMapper().readTree(Corpora.path("programs").resolve("manifest.json").toFile());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode program : manifest.path("programs")) {
      if (program.path("mode").asText().equals(mode)) {
        for (String tier : TIERS) {
          tests.add(
              DynamicTest.dynamicTest(
                  program.path("name").asText() + " " + tier, () -> check.run(tier, program)));
        }
      }
    }
    assertThat(tests).isNotEmpty();
    return tests.stream();
  }
}
