package dev.cloister.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  @Test
  void median_ofAnOddNumber_isTheMiddleOne() {
    assertThat(Statistics.median(9, 1, 5)).isEqualTo(5);
  }

  @Test
  void median_ofAnEvenNumber_isTheMeanOfTheMiddleTwo() {
    assertThat(Statistics.median(4, 1, 100, 2)).isEqualTo(3);
  }

  @Test
  void median_ofOne_isIt() {
    assertThat(Statistics.median(7)).isEqualTo(7);
  }

  @Test
  void median_leavesTheSamplesInOrder() {
    double[] samples = {3, 1, 2};
    assertThat(Statistics.median(samples)).isEqualTo(2);
    assertThat(samples).containsExactly(3, 1, 2);
  }

  @Test
  void median_ofNothing_isRefused() {
    assertThatThrownBy(() -> Statistics.median()).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void spread_isHalfTheDistanceOfTheQuartilesOverTheMedian() {
    // Quartiles 2 and 4, median 3.
    assertThat(Statistics.spread(1, 2, 3, 4, 5)).isCloseTo(1.0 / 3, within(1e-12));
    assertThat(Statistics.spread(8, 8, 8)).isZero();
  }

  @Test
  void geometricMean_isTheRootOfTheProduct() {
    assertThat(Statistics.geometricMean(List.of(0.5, 8.0, 2.0))).isCloseTo(2, within(1e-12));
  }

  @Test
  void geometricMean_ofReciprocals_isTheReciprocal() {
    double mean = Statistics.geometricMean(List.of(3.0, 0.7, 1.9));
    double reciprocal = Statistics.geometricMean(List.of(1 / 3.0, 1 / 0.7, 1 / 1.9));
    assertThat(mean * reciprocal).isCloseTo(1, within(1e-12));
  }

  @Test
  void geometricMean_ofNothingOrOfNoRatio_isRefused() {
    assertThatThrownBy(() -> Statistics.geometricMean(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Statistics.geometricMean(List.of(1.0, 0.0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Statistics.geometricMean(List.of(Double.NaN)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
