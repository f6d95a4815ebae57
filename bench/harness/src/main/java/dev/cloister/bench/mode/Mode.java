package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.report.Report;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Group;
import dev.cloister.bench.workload.Workload;
import java.util.List;
import java.util.function.Consumer;

/// One question. It asks all engines about one workload before it goes on to the next.
public interface Mode {
  /// {@return what the figures are, for the head of the table}
  String title();

  /// {@return the names of the workloads that it takes if none are named; empty for all}
  default List<String> defaultWorkloads() {
    return List.of();
  }

  /// {@return whether it takes a workload if none are named}
  default boolean isDefault(Workload workload) {
    return workload.group() != Group.BOUNDARY && workload.group() != Group.BINARY;
  }

  /// {@return ratios that are to be named where they are exceeded}
  default List<Double> bounds() {
    return List.of();
  }

  /// {@return which rows a row has its mean with}
  default String group(Workload workload, Result result) {
    return workload.groupLabel();
  }

  /// Measures one workload.
  ///
  /// @param progress told in a few words what is being done
  /// @return a cell for every column
  List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress);

  /// Measures all workloads.
  ///
  /// @return the table; workloads for which the time did not suffice are not in it
  default Report run(
      List<Workload> workloads,
      List<Column> columns,
      Settings settings,
      Consumer<String> progress) {
    Report report = new Report(title(), columns.stream().map(Column::name).toList(), bounds());
    int left = workloads.size();
    for (Workload workload : workloads) {
      if (settings.isOver()) {
        progress.accept("out of time: " + left + " workloads left out");
        break;
      }
      left--;
      List<Result> results = measure(workload, columns, progress);
      results.forEach(result -> report.add(result, group(workload, result)));
      results.stream().map(Result::row).distinct().map(report::line).forEach(progress);
    }
    return report;
  }
}
