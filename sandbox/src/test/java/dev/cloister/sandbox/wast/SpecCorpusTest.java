package dev.cloister.sandbox.wast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.sandbox.Corpora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs the specification's test suite, each script twice against the same shared modules.
final class SpecCorpusTest {
  @ParameterizedTest
  @ValueSource(strings = {"core", "bulk-memory", "multi-memory"})
  void group_passesTwice(String group) {
    Path folder = Corpora.path("spec-testsuite/" + group);
    List<String> failures = new ArrayList<>();
    var settings =
        WastRunner.Settings.of(EngineConfig.defaults(), KnownUnsupported.ofEngine()).twice();
    try (WastRunner runner =
        new WastRunner(settings, failure -> failures.add(failure.describe()))) {
      WastSummary summary = runner.run(List.of(folder));

      assertThat(failures).isEmpty();
      assertThat(summary.passed()).isPositive();
    }
  }
}
