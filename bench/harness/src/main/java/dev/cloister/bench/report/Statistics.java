package dev.cloister.bench.report;

import java.util.Arrays;
import java.util.Collection;

/// The figures that a table is made of.
public final class Statistics {
  private Statistics() {}

  /// {@return the middle of the samples, the mean of the two middle ones if their number is even}
  public static double median(double... samples) {
    return quantile(samples, 0.5);
  }

  /// {@return half the distance between the quartiles, as a part of the median: how far a sample
  /// typically is from it}
  public static double spread(double... samples) {
    return (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2 / median(samples);
  }

  /// {@return the geometric mean, the only mean under which ratios to A and ratios to B agree
  /// (Fleming and Wallace, CACM 1986)}
  public static double geometricMean(Collection<Double> ratios) {
    if (ratios.isEmpty()) {
      throw new IllegalArgumentException("no ratios");
    }
    double logarithms = 0;
    for (double ratio : ratios) {
      if (!(ratio > 0)) {
        throw new IllegalArgumentException("not a ratio: " + ratio);
      }
      logarithms += Math.log(ratio);
    }
    return Math.exp(logarithms / ratios.size());
  }

  /// Linear between the two nearest samples.
  private static double quantile(double[] samples, double part) {
    if (samples.length == 0) {
      throw new IllegalArgumentException("no samples");
    }
    double[] sorted = samples.clone();
    Arrays.sort(sorted);
    double at = part * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
