package dev.cloister.bench.report;

import org.jspecify.annotations.Nullable;

/// One cell of the table.
///
/// @param row the workload
/// @param column the engine
/// @param samples one for each round; none if it failed
/// @param detail what the mode has to say beside the figure, or why there is none
/// @param isWrong true if it computed something else than it must
@SuppressWarnings("ArrayRecordComponent") // Never compared.
public record Result(
    String row, String column, double[] samples, @Nullable String detail, boolean isWrong) {

  /// {@return a cell}
  public static Result of(String row, String column, double... samples) {
    return new Result(row, column, samples, null, false);
  }

  /// {@return a cell}
  public static Result failed(String row, String column, @Nullable String reason) {
    return new Result(row, column, new double[0], reason, false);
  }

  /// {@return a cell}
  public static Result wrong(String row, String column, String actual, String expected) {
    return new Result(
        row, column, new double[0], "computed " + actual + ", must be " + expected, true);
  }

  /// {@return this cell with a detail}
  public Result withDetail(String text) {
    return new Result(row, column, samples, text, isWrong);
  }

  /// {@return false if it failed}
  public boolean hasFigure() {
    return samples.length > 0;
  }

  /// {@return the middle of the samples}
  public double median() {
    return Statistics.median(samples);
  }
}
