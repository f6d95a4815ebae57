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

/// How long it takes from the binary to a first result in a process that has compiled other things:
/// time of the wall for compiling, making an instance and one short pass. The CPU time of the whole
/// process for that stands in the notes.
///
/// @param others what the process has compiled and run once before, but for the workload itself
/// @param settleMillis how long it then has, to finish what it compiles in the background
public record ColdMode(Settings settings, List<Workload> others, int settleMillis) implements Mode {
  /// Enough for the compilers of all engines.
  public static final int SETTLE_MILLIS = 1_000;

  /// Copies the list.
  public ColdMode {
    others = List.copyOf(others);
  }

  @Override
  public String title() {
    return "Cold start: from the binary to the first result, ms of the wall, in a process that has"
        + (others.isEmpty() ? " done nothing before" : " run " + others.size() + " other programs");
  }

  /// Next to nothing, kernels, starts of real programs, a large module.
  @Override
  public List<String> defaultWorkloads() {
    return List.of(
        "add",
        "tiny",
        "fib",
        "json",
        "gofmt",
        "rollup-parser",
        "sqlite",
        "quickjs",
        "starlingmonkey");
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    Map<String, Result> failures = new LinkedHashMap<>();
    Map<String, List<Guest.Times>> times = new LinkedHashMap<>();
    for (int round = 0; round < settings.rounds(); round++) {
      progress.accept(workload.name() + ": round " + (round + 1) + " of " + settings.rounds());
      for (Column column : columns) {
        if (failures.containsKey(column.name())) {
          continue;
        }
        try (Guest guest = Guest.start(workload, column, settings)) {
          try {
            prepare(guest, workload);
            double before = guest.worker().usageNanos();
            Result wrong = guest.load(/* isCold= */ true);
            double used = guest.worker().usageNanos() - before;
            if (wrong != null) {
              failures.put(column.name(), wrong);
              continue;
            }
            times
                .computeIfAbsent(column.name(), _ -> new ArrayList<>())
                .add(new Guest.Times(used, guest.loadTimes().wall()));
          } catch (WorkerException failure) {
            failures.put(column.name(), guest.failed(failure));
          }
        }
      }
    }
    List<Result> results = new ArrayList<>(failures.values());
    times.forEach((name, samples) -> {
      if (!failures.containsKey(name)) {
        results.add(result(workload, name, samples));
      }
    });
    return results;
  }

  private void prepare(Guest guest, Workload workload) {
    for (Workload other : others) {
      if (!other.name().equals(workload.name())) {
        guest.precede(other);
      }
    }
    try {
      Thread.sleep(settleMillis);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static Result result(Workload workload, String column, List<Guest.Times> samples) {
    double[] walls = samples.stream().mapToDouble(sample -> sample.wall() / 1e6).toArray();
    double cpu = samples.stream().mapToDouble(Guest.Times::cpu).min().orElseThrow();
    return Result.of(workload.name(), column, walls)
        .withDetail(String.format(Locale.ROOT, "%.0f ms CPU of the process", cpu / 1e6));
  }
}
