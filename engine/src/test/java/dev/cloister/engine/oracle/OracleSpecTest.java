package dev.cloister.engine.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.engine.fixture.Corpora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The interpreter that compiled code is compared with does itself what the specification's scripts
/// say.
final class OracleSpecTest {
  /// @param assertions how many must hold at least
  /// @param skipped how many may be left out: deep recursion, large memories, missing modules
  @ParameterizedTest
  @CsvSource({
    "core, 17199, 0",
    "bulk-memory, 6915, 0",
    "exceptions, 70, 0",
    "legacy-exceptions, 60, 0",
    "gc, 571, 0",
    "memory64, 7819, 0",
    "multi-memory, 742, 0",
    "relaxed-simd, 69, 0",
    "simd, 24335, 0",
    "proposals/wide-arithmetic, 99, 0",
    "proposals/custom-page-sizes, 31, 0",
  })
  void scripts_runOnTheInterpreter(String group, int assertions, int skipped) throws IOException {
    List<String> failures = new ArrayList<>();
    int passed = 0;
    int left = 0;
    for (Path file : scripts(Corpora.require("spec-testsuite").resolve(group))) {
      OracleScript script = new OracleScript(file);
      for (JsonNode command : new ObjectMapper().readTree(file.toFile()).get("commands")) {
        script.run(command);
      }
      failures.addAll(script.failures);
      passed += script.passed;
      left += script.skipped;
    }
    assertThat(failures).isEmpty();
    assertThat(passed).as("assertions that held").isGreaterThanOrEqualTo(assertions);
    assertThat(left).as("commands that were left out").isLessThanOrEqualTo(skipped);
  }

  private static List<Path> scripts(Path group) throws IOException {
    try (Stream<Path> files = Files.walk(group, 2)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
  }
}
