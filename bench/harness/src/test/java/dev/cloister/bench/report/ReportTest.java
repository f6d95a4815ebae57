package dev.cloister.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private final Report report = new Report("Title", List.of("base", "other"), List.of(1.5));

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
        .contains("| three | 1.00 (1.00×) | – cannot |")
        .contains("- other, three: cannot");
  }

  @Test
  void wrongResult_isNoFigureAndIsTold() {
    report.add(Result.of("work", "base", 1));
    assertThat(report.hasWrong()).isFalse();
    report.add(Result.wrong("work", "other", "5", "4"));
    assertThat(report.hasWrong()).isTrue();
    assertThat(report.markdown())
        .contains("| WRONG |")
        .contains("- other, work: computed 5, must be 4");
  }

  @Test
  void reason_isToldInBrief() {
    report.add(Result.of("work", "base", 1));
    report.add(
        Result.failed(
            "work",
            "other",
            "java.lang.IllegalStateException: a.BException: "
                + "a reason | that goes on and on, and on, and on"));
    assertThat(report.markdown())
        .contains("| – a reason / that goes on and on, and on,… |")
        .contains("- other, work: java.lang.IllegalStateException: a.BException: a reason | that");
  }

  @Test
  void groups_haveMeansOfTheirOwn() {
    report.add(Result.of("one", "base", 1), "first");
    report.add(Result.of("one", "other", 2), "first");
    report.add(Result.of("two", "base", 1), "second");
    report.add(Result.of("two", "other", 8), "second");
    assertThat(report.markdown())
        .contains("| **geometric mean: first** | **1.00×** (n=1) | **2.00×** (n=1) |")
        .contains("| **geometric mean: second** | **1.00×** (n=1) | **8.00×** (n=1) |")
        .doesNotContain("common rows")
        .contains("- other, first: above 1.5: 1 (one 2.00)");
  }

  @Test
  void nothing_hasNoRatio() {
    report.add(Result.of("one", "base", 0));
    report.add(Result.of("one", "other", 2));
    report.add(Result.of("two", "base", 2));
    report.add(Result.of("two", "other", 2));
    assertThat(report.markdown())
        .contains("| one | 0 | 2.00 |")
        .contains("| **geometric mean of ratios** | **1.00×** (n=1) | **1.00×** (n=1) |")
        .contains("- other: above 1.5: none");
  }

  @Test
  void fault_isMarkedAndTold() {
    report.add(Result.of("work", "base", 1));
    assertThat(report.hasFault()).isFalse();
    report.add(Result.of("work", "other", 1).withDetail("one").withDetail("two").withFault("bad"));
    assertThat(report.hasFault()).isTrue();
    assertThat(report.hasWrong()).isFalse();
    assertThat(report.markdown())
        .contains("| 1.00 (1.00×) † |")
        .contains("- other, work: † bad")
        .contains("- other, work: one; two");
  }

  @Test
  void note_ofSeveralRows_isToldOnce() {
    report.add(Result.of("one", "base", 1).withDetail("so"));
    report.add(Result.of("two", "base", 1).withDetail("so"));
    assertThat(report.markdown()).contains("- base, one, two: so");
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
