package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// What an instance of a compiled module costs.
///
/// *Fresh* is what a server does that makes an instance for each call: made, called, closed. The
/// time is that of making it; the CPU time is the whole process's for the whole cycle, so that it
/// does not matter which thread clears the memory or collects garbage. *Kept* is making one while
/// all before it are kept, and what each takes of the heap.
public record InstancesMode(Settings settings) implements Mode {
  private static final int KEPT = 1_000;
  private static final int CYCLES = 20_000;

  /// What is asked, and the row that the answer goes to.
  private enum Figure {
    FRESH("fresh, µs"),
    FRESH_LATE("fresh, 99th percentile, µs"),
    CYCLE_CPU("fresh, CPU of the process until it is closed, µs"),
    KEPT_MADE("kept, µs"),
    KEPT_HEAP("kept, heap of each, KB");

    private final String text;

    Figure(String text) {
      this.text = text;
    }
  }

  @Override
  public String title() {
    return "Instances of a compiled module";
  }

  @Override
  public List<String> defaultWorkloads() {
    return List.of("tiny", "add", "fib", "gc", "as_app");
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    if (!(workload.task() instanceof Workload.Task.Run)) {
      return List.of();
    }
    Map<String, Result> failures = new LinkedHashMap<>();
    Map<Figure, Map<String, List<Double>>> samples = new LinkedHashMap<>();
    for (int round = 0; round < settings.rounds(); round++) {
      progress.accept(workload.name() + ": round " + (round + 1) + " of " + settings.rounds());
      for (Column column : columns) {
        if (failures.containsKey(column.name())) {
          continue;
        }
        try (Guest guest = Guest.start(workload, column, settings)) {
          try {
            figures(guest, workload)
                .forEach((figure, value) ->
                    samples
                        .computeIfAbsent(figure, _ -> new LinkedHashMap<>())
                        .computeIfAbsent(column.name(), _ -> new ArrayList<>())
                        .add(value));
          } catch (WorkerException failure) {
            failures.put(column.name(), guest.failed(failure));
          }
        }
      }
    }
    List<Result> results = new ArrayList<>(failures.values());
    samples.forEach((figure, columnsOfFigure) ->
        columnsOfFigure.forEach((name, values) ->
            results.add(
                Result.of(
                    workload.name() + ": " + figure.text,
                    name,
                    values.stream().mapToDouble(Double::doubleValue).toArray()))));
    return results;
  }

  /// Kept ones first: what is closed may leave something that others can use. The first commands
  /// warm up.
  private static Map<Figure, Double> figures(Guest guest, Workload workload) {
    guest.worker().ask("compile", workload.module().toString());
    guest.worker().ask("instances", String.valueOf(KEPT));
    String[] kept = guest.worker().ask("instances", String.valueOf(KEPT));
    guest.worker().ask("cycles", String.valueOf(CYCLES));
    String[] cycles = guest.worker().ask("cycles", String.valueOf(CYCLES));
    Map<Figure, Double> figures = new LinkedHashMap<>();
    figures.put(Figure.FRESH, Double.parseDouble(cycles[0]) / 1e3);
    figures.put(Figure.FRESH_LATE, Double.parseDouble(cycles[1]) / 1e3);
    figures.put(Figure.CYCLE_CPU, Double.parseDouble(cycles[2]) / 1e3);
    figures.put(Figure.KEPT_MADE, Double.parseDouble(kept[0]) / 1e3);
    figures.put(Figure.KEPT_HEAP, Double.parseDouble(kept[3]) / 1e3);
    return figures;
  }
}
