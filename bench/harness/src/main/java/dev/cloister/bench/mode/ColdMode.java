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

/// How long it takes from the binary to a first result in a fresh process: time of the wall for
/// compiling, making an instance and one short pass; the start of the process itself is not in it.
/// The CPU time of the whole process, which is, stands in the notes.
public record ColdMode(Settings settings) implements Mode {
  @Override
  public String title() {
    return "Cold start: from the binary to the first result, ms of the wall";
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    Map<String, Result> failures = new LinkedHashMap<>();
    Map<String, List<Double>> walls = new LinkedHashMap<>();
    Map<String, Double> processes = new LinkedHashMap<>();
    for (int round = 0; round < settings.rounds(); round++) {
      progress.accept(workload.name() + ": round " + (round + 1) + " of " + settings.rounds());
      for (Column column : columns) {
        if (failures.containsKey(column.name())) {
          continue;
        }
        try (Guest guest = Guest.start(workload, column, settings)) {
          try {
            Result wrong = guest.load(/* isCold= */ true);
            if (wrong != null) {
              failures.put(column.name(), wrong);
              continue;
            }
            walls
                .computeIfAbsent(column.name(), _ -> new ArrayList<>())
                .add(guest.loadWallNanos() / 1e6);
            processes.merge(column.name(), guest.worker().usageNanos() / 1e6, Math::min);
          } catch (WorkerException failure) {
            failures.put(column.name(), guest.failed(failure));
          }
        }
      }
    }
    List<Result> results = new ArrayList<>(failures.values());
    walls.forEach((name, samples) -> {
      if (!failures.containsKey(name)) {
        double[] values = samples.stream().mapToDouble(Double::doubleValue).toArray();
        results.add(
            Result.of(workload.name(), name, values)
                .withDetail(
                    String.format(Locale.ROOT, "%.0f ms CPU of the process", processes.get(name))));
      }
    });
    return results;
  }
}
