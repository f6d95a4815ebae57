package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.code.CompilationStatistics.Phase;
import dev.cloister.engine.code.CompilationStatistics.Row;
import dev.cloister.engine.runtime.CodeKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is noted is counted once.
final class CompilationStatisticsTest {
  private final CompilationStatistics statistics = new CompilationStatistics();

  @Test
  void rows_areByPhaseAndKind() {
    long now = System.nanoTime();
    statistics.add(Phase.GENERATE, CodeKind.BASELINE, now - 1_000, 10);
    statistics.add(Phase.GENERATE, CodeKind.BASELINE, now - 1_000, 20);
    statistics.add(Phase.GENERATE, null, now, 3);
    statistics.add(Phase.DECODE, null, now, 4);

    List<Row> rows = statistics.rows(/* reset= */ false);

    assertThat(rows)
        .extracting(Row::phase)
        .containsExactly(Phase.DECODE, Phase.GENERATE, Phase.GENERATE);
    assertThat(rows.get(1).kind()).isEqualTo(CodeKind.BASELINE);
    assertThat(rows.get(1).count()).isEqualTo(2);
    assertThat(rows.get(1).bytes()).isEqualTo(30);
    assertThat(rows.get(1).nanos()).isGreaterThanOrEqualTo(2_000);
    assertThat(rows.get(2).kind()).isNull();
    assertThat(statistics.rows(false)).isEqualTo(rows);
  }

  @Test
  void reset_beginsAnew() {
    statistics.add(Phase.LOAD, CodeKind.OPTIMIZED, System.nanoTime(), 5);
    assertThat(statistics.rows(/* reset= */ true)).hasSize(1);
    assertThat(statistics.rows(false)).isEmpty();
    statistics.add(Phase.LOAD, CodeKind.OPTIMIZED, System.nanoTime(), 7);
    assertThat(statistics.rows(false)).extracting(Row::bytes).containsExactly(7L);
  }
}
