package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.report.Statistics;
import dev.cloister.bench.workload.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// How long an engine needs to get fast: time of the wall, from the binary, until passes take no
/// more than a quarter above what they take in the end.
public record WarmUpMode(Settings settings) implements Mode {
  private static final double FAST = 1.25;

  @Override
  public String title() {
    return "Warm-up: from the binary to within a quarter of the final speed, ms of the wall";
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    List<Result> results = new ArrayList<>();
    for (Column column : columns) {
      progress.accept(workload.name() + ": " + column.name());
      try (Guest guest = Guest.start(workload, column, settings)) {
        results.add(measure(workload, guest));
      }
    }
    return results;
  }

  private Result measure(Workload workload, Guest guest) {
    try {
      Result wrong = guest.load(/* isCold= */ false);
      if (wrong != null) {
        return wrong;
      }
      List<Double> times = new ArrayList<>();
      List<Double> ends = new ArrayList<>();
      double elapsed = guest.loadWallNanos();
      double first = elapsed;
      while (elapsed < settings.warmUpWallMillis() * 1e6) {
        Guest.Times pass = guest.repeat(1);
        elapsed += pass.wall();
        times.add(pass.cpu());
        ends.add(elapsed);
      }
      double last = finalNanos(times);
      double reached = first;
      for (int i = 0; i < times.size(); i++) {
        if (times.get(i) > last * FAST && median(times, i) > last * FAST) {
          reached = ends.get(i);
        }
      }
      return Result.of(workload.name(), guest.column(), reached / 1e6)
          .withDetail(
              String.format(
                  Locale.ROOT,
                  "first result after %.0f ms, in the end %.2f ms a pass,"
                      + " %.1f s CPU of the process",
                  first / 1e6,
                  last / 1e6,
                  guest.worker().usageNanos() / 1e9));
    } catch (WorkerException failure) {
      return guest.failed(failure);
    }
  }

  /// Of the last fifth.
  private static double finalNanos(List<Double> times) {
    return median(times.subList(times.size() * 4 / 5, times.size()));
  }

  /// Of the passes around one, so that a single slow one does not count.
  private static double median(List<Double> times, int around) {
    return median(times.subList(Math.max(0, around - 2), Math.min(times.size(), around + 3)));
  }

  private static double median(List<Double> times) {
    return Statistics.median(times.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
