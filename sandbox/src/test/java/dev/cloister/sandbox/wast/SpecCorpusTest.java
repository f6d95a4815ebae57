package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.sandbox.Corpora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs the specification's test suite and the differential fuzz corpus. What is known to fail is
/// listed in `known-unsupported.txt`; everything else must pass, and what is listed must fail.
final class SpecCorpusTest {
  private static final WastRunner.Settings ONCE =
      WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.ofEngine());

  /// Twice: nothing that the first run did to a module may be seen by the second one.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "core",
        "bulk-memory",
        "multi-memory",
        "memory64",
        "exceptions",
        "legacy-exceptions",
        "gc",
        "custom",
        "proposals"
      })
  void group_passesTwice(String group) {
    assertPasses(ONCE.twice(), Corpora.path("spec-testsuite/" + group));
  }

  @ParameterizedTest
  @ValueSource(strings = {"simd", "relaxed-simd"})
  void vectors_pass(String group) {
    assertPasses(ONCE, Corpora.path("spec-testsuite/" + group));
  }

  @Test
  void core_passesInDebuggableCode() {
    EngineConfig debug = EngineConfig.defaults().withCodeKind(CodeKind.DEBUG);
    assertPasses(
        WastRunner.Settings.of(debug, KnownUnsupported.ofEngine()),
        Corpora.path("spec-testsuite/core"));
  }

  @Test
  void fuzzSeeds_pass() {
    assertPasses(ONCE, Corpora.path("fuzz-seeds/valid"));
  }

  private static void assertPasses(WastRunner.Settings settings, Path folder) {
    List<String> failures = new ArrayList<>();
    try (WastRunner runner =
        new WastRunner(settings, failure -> failures.add(failure.describe()))) {
      WastSummary summary = runner.run(List.of(folder));

      assertThat(failures).isEmpty();
      assertThat(summary.passed() + summary.skipped()).isPositive();
    }
  }
}
