package dev.cloister.engine.code;

import static dev.cloister.engine.runtime.CodeKind.BASELINE;
import static dev.cloister.engine.runtime.CodeKind.DEBUG;
import static dev.cloister.engine.runtime.CodeKind.FUEL;
import static dev.cloister.engine.runtime.CodeKind.OPTIMIZED;
import static dev.cloister.engine.runtime.CodeKind.POLLED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.runtime.CodeKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The truth table of V8's `should_update_code_table`, for our kinds of code.
final class PublishRuleTest {
  /// What may be published over what: all pairs that are not here may not.
  private record Row(@Nullable CodeKind prior, CodeKind added, boolean isDebugging) {}

  private static final List<Row> ALLOWED =
      List.of(
          // Nothing is debugged: no tier takes the place of a higher one, but any that of debug
          // code.
          new Row(null, BASELINE, false),
          new Row(null, OPTIMIZED, false),
          new Row(BASELINE, BASELINE, false),
          new Row(BASELINE, OPTIMIZED, false),
          new Row(OPTIMIZED, OPTIMIZED, false),
          new Row(DEBUG, BASELINE, false),
          new Row(DEBUG, OPTIMIZED, false),
          new Row(FUEL, BASELINE, false),
          new Row(FUEL, OPTIMIZED, false),
          new Row(POLLED, BASELINE, false),
          new Row(POLLED, OPTIMIZED, false),
          // Something is: only debuggable code is published.
          new Row(null, DEBUG, true),
          new Row(BASELINE, DEBUG, true),
          new Row(OPTIMIZED, DEBUG, true),
          new Row(DEBUG, DEBUG, true),
          new Row(FUEL, DEBUG, true),
          new Row(POLLED, DEBUG, true));

  @Test
  void replaces_allCases_asInTheTable() {
    List<@Nullable CodeKind> priors = new ArrayList<>(List.of(CodeKind.values()));
    priors.add(null);
    for (CodeKind prior : priors) {
      for (CodeKind added : CodeKind.values()) {
        for (boolean isDebugging : new boolean[] {false, true}) {
          Row row = new Row(prior, added, isDebugging);
          assertThat(PublishRule.replaces(prior, added, isDebugging))
              .as("%s", row)
              .isEqualTo(ALLOWED.contains(row));
        }
      }
    }
  }
}
