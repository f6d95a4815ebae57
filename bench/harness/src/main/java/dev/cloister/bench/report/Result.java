package dev.cloister.bench.report;

import org.jspecify.annotations.Nullable;

/// One cell of the table.
///
/// @param row the workload
/// @param column the engine
/// @param samples one for each round; none if it failed
/// @param detail what the mode has to say beside the figure, or why there is none
/// @param fault what makes the figure one that should not be, or null
/// @param isWrong true if it computed something else than it must
@SuppressWarnings("ArrayRecordComponent") // Never compared.
public record Result(
    String row,
    String column,
    double[] samples,
    @Nullable String detail,
    @Nullable String fault,
    boolean isWrong) {

  /// {@return a cell}
  public static Result of(String row, String column, double... samples) {
    return new Result(row, column, samples, null, null, false);
  }

  /// {@return a cell}
  public static Result failed(String row, String column, @Nullable String reason) {
    return new Result(row, column, new double[0], reason, null, false);
  }

  /// {@return a cell}
  public static Result wrong(String row, String column, String actual, String expected) {
    return new Result(
        row, column, new double[0], "computed " + actual + ", must be " + expected, null, true);
  }

  /// {@return this cell in another row}
  public Result inRow(String name) {
    return new Result(name, column, samples, detail, fault, isWrong);
  }

  /// {@return this cell with a detail more}
  public Result withDetail(String text) {
    String both = detail == null ? text : detail + "; " + text;
    return new Result(row, column, samples, both, fault, isWrong);
  }

  /// {@return this cell with a fault}
  public Result withFault(String text) {
    return new Result(row, column, samples, detail, text, isWrong);
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
