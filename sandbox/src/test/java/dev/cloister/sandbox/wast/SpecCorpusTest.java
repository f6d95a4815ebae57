package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.sandbox.Corpora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the specification's test suite and the differential fuzz corpus in code of every kind. What
/// is known to fail is listed in `known-unsupported.txt`; everything else must pass, and what is
/// listed must fail.
///
/// In baseline code each script runs twice: nothing that the first run did to a module may be seen
/// by the second one. `-Dcorpora.exhaustive=true` does so for all kinds, and runs the fuzz corpus
/// in all of them.
final class SpecCorpusTest {
  private static final boolean IS_EXHAUSTIVE = Boolean.getBoolean("corpora.exhaustive");

  private static final List<String> GROUPS =
      List.of(
          "core",
          "bulk-memory",
          "multi-memory",
          "memory64",
          "exceptions",
          "legacy-exceptions",
          "gc",
          "simd",
          "relaxed-simd",
          "custom",
          "proposals");

  static Stream<Arguments> groups() {
    return Arrays.stream(CodeKind.values())
        .flatMap(kind -> GROUPS.stream().map(group -> Arguments.of(kind, group)));
  }

  @ParameterizedTest
  @MethodSource("groups")
  void group_passes(CodeKind kind, String group) {
    WastRunner.Settings once = settings(kind);
    boolean isTwice = IS_EXHAUSTIVE || kind == CodeKind.BASELINE;
    assertPasses(isTwice ? once.twice() : once, Corpora.path("spec-testsuite/" + group));
  }

  @ParameterizedTest
  @EnumSource
  void fuzzSeeds_pass(CodeKind kind) {
    Assumptions.assumeTrue(
        IS_EXHAUSTIVE || kind == CodeKind.BASELINE, "only with -Dcorpora.exhaustive=true");
    assertPasses(settings(kind), Corpora.path("fuzz-seeds/valid"));
  }

  private static WastRunner.Settings settings(CodeKind kind) {
    return WastRunner.Settings.of(
        EngineConfig.defaults().withCodeKind(kind), KnownUnsupported.ofEngine());
  }

  private static void assertPasses(WastRunner.Settings settings, Path folder) {
    List<String> failures = new ArrayList<>();
    try (WastRunner runner =
        new WastRunner(settings, failure -> failures.add(failure.describe()))) {
      WastSummary summary = runner.run(List.of(folder));

      assertThat(failures).isEmpty();
      assertThat(summary.passed()).isPositive();
    }
  }
}
