package dev.cloister.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private final Report report = new Report("Title", List.of("base", "other"));

  @Test
  void cell_hasMedianAndRatioToTheFirstColumn() {
    report.add(Result.of("work", "base", 4, 4, 4));
    report.add(Result.of("work", "other", 1, 1, 1));
    assertThat(report.markdown()).contains("| work | 4.00 (1.00×) | 1.00 (0.25×) |");
  }

  @Test
  void cell_withScatteredSamples_showsTheirSpread() {
    report.add(Result.of("work", "base", 8, 10, 12));
    assertThat(report.markdown()).contains("10.0 ±10% (1.00×)");
  }

  @Test
  void means_areOverTheRowsThatBothHave() {
    report.add(Result.of("one", "base", 1));
    report.add(Result.of("one", "other", 2));
    report.add(Result.of("two", "base", 1));
    report.add(Result.of("two", "other", 8));
    report.add(Result.of("three", "base", 1));
    report.add(Result.failed("three", "other", "cannot"));
    assertThat(report.markdown())
        .contains("| **geometric mean of ratios** | **1.00×** (n=3) | **4.00×** (n=2) |")
        .contains("| **the same over common rows** | **1.00×** (n=2) | **4.00×** (n=2) |")
        .contains("| three | 1.00 (1.00×) | – |")
        .contains("- three, other: cannot");
  }

  @Test
  void wrongResult_isNoFigureAndIsTold() {
    report.add(Result.of("work", "base", 1));
    assertThat(report.hasWrong()).isFalse();
    report.add(Result.wrong("work", "other", "5", "4"));
    assertThat(report.hasWrong()).isTrue();
    assertThat(report.markdown())
        .contains("| WRONG |")
        .contains("- work, other: computed 5, must be 4");
  }

  @Test
  void json_hasEverySample() {
    report.add(Result.of("work", "base", 2, 4));
    report.add(Result.of("work", "other", 6, 6));
    JsonNode cell = report.json(new ObjectMapper()).get("cells").get(1);
    assertThat(cell.get("engine").asText()).isEqualTo("other");
    assertThat(cell.get("ratio").asDouble()).isEqualTo(2);
    assertThat(cell.get("samples")).hasSize(2);
  }
}
