package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// What an instance of a compiled module costs: time of the wall to make one while all before it
/// are kept, median of many; the tail, the first call and the heap for each stand in the notes.
public record InstancesMode(Settings settings) implements Mode {
  private static final int COUNT = 500;

  @Override
  public String title() {
    return "Instances: time to make one of a compiled module, µs";
  }

  @Override
  public List<String> defaultWorkloads() {
    return List.of("fib", "gc", "tiny", "add");
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    if (!(workload.task() instanceof Workload.Task.Run)) {
      return List.of();
    }
    Map<String, Result> failures = new LinkedHashMap<>();
    Map<String, List<Double>> medians = new LinkedHashMap<>();
    Map<String, String> details = new LinkedHashMap<>();
    for (int round = 0; round < settings.rounds(); round++) {
      progress.accept(workload.name() + ": round " + (round + 1) + " of " + settings.rounds());
      for (Column column : columns) {
        if (failures.containsKey(column.name())) {
          continue;
        }
        try (Guest guest = Guest.start(workload, column, settings)) {
          try {
            guest.worker().ask("compile", workload.module().toString());
            // The first hundreds warm up.
            guest.worker().ask("instances", String.valueOf(COUNT));
            String[] answer = guest.worker().ask("instances", String.valueOf(COUNT));
            medians
                .computeIfAbsent(column.name(), _ -> new ArrayList<>())
                .add(Double.parseDouble(answer[0]) / 1e3);
            details.put(
                column.name(),
                String.format(
                    Locale.ROOT,
                    "99th percentile %.0f µs, first call %.1f µs, %.1f KiB of heap each",
                    Double.parseDouble(answer[1]) / 1e3,
                    Double.parseDouble(answer[2]) / 1e3,
                    Double.parseDouble(answer[3]) / 1024));
          } catch (WorkerException failure) {
            failures.put(column.name(), guest.failed(failure));
          }
        }
      }
    }
    List<Result> results = new ArrayList<>(failures.values());
    medians.forEach((name, samples) -> {
      if (!failures.containsKey(name)) {
        double[] values = samples.stream().mapToDouble(Double::doubleValue).toArray();
        results.add(
            Result.of(workload.name(), name, values).withDetail(details.getOrDefault(name, "")));
      }
    });
    return results;
  }
}
