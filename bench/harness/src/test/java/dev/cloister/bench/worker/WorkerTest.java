package dev.cloister.bench.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WorkerTest {
  @Test
  void numbers_arePrintedAsEcmaScriptDoes() {
    assertThat(Worker.javaScriptNumber(2178309)).isEqualTo("2178309");
    assertThat(Worker.javaScriptNumber(-0.16926713209595118)).isEqualTo("-0.16926713209595118");
    assertThat(Worker.javaScriptNumber(2496720927.888)).isEqualTo("2496720927.888");
    assertThat(Worker.javaScriptNumber(82270793702.0)).isEqualTo("82270793702");
    assertThat(Worker.javaScriptNumber(Double.NaN)).isEqualTo("NaN");
  }
}
