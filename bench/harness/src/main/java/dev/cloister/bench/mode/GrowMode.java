package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.report.Statistics;
import dev.cloister.bench.workload.Workload;
import dev.cloister.bench.workload.Workload.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// What growing costs: CPU time of a fresh instance that grows its memory from one page, a page at
/// a time, and touches each; and the time of the wall of the worst single step.
///
/// An engine that copies the memory each time takes quadratic time. What growing is compared with
/// in the notes is measured in the same process, after it: allocating and filling one array of the
/// final size, and copying that.
public record GrowMode(Settings settings, Path workloads) implements Mode {
  private static final int[] PAGES = {64, 512, 4096};

  /// Rounds until all of the heap was touched once: a page that was not costs ten times as much.
  private static final int WARM_UP = 6;

  @Override
  public String title() {
    return "Growing from 1 page, one at a time, ms";
  }

  @Override
  public List<String> defaultWorkloads() {
    return List.of("fib");
  }

  /// Whatever the workload, it is `grow` that is measured.
  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    List<Result> results = new ArrayList<>();
    for (int pages : PAGES) {
      Workload growing =
          new Workload(
              pages + " pages", workloads.resolve("grow.wasm"), new Task.Run(1, "2", 1, "2"));
      progress.accept("grow: " + pages + " pages");
      for (Column column : columns) {
        try (Guest guest = Guest.start(growing, column, settings)) {
          results.addAll(measure(growing, pages, guest));
        }
      }
    }
    return results;
  }

  private List<Result> measure(Workload growing, int pages, Guest guest) {
    try {
      Result wrong = guest.load(/* isCold= */ false);
      if (wrong != null) {
        return List.of(wrong);
      }
      int rounds = settings.rounds();
      double[] cpu = new double[rounds];
      double[] worst = new double[rounds];
      double[] filled = new double[rounds];
      double[] copied = new double[rounds];
      for (int round = -WARM_UP; round < rounds; round++) {
        String[] answer = guest.worker().ask("grow", String.valueOf(pages));
        if (round >= 0) {
          cpu[round] = Double.parseDouble(answer[0]) / 1e6;
          worst[round] = Double.parseDouble(answer[2]) / 1e6;
          filled[round] = Double.parseDouble(answer[3]) / 1e6;
          copied[round] = Double.parseDouble(answer[5]) / 1e6;
        }
      }
      return List.of(
          Result.of(growing.name() + ", CPU", guest.column(), cpu)
              .withDetail(times(cpu, filled, "allocating and filling one array")),
          Result.of(growing.name() + ", worst step", guest.column(), worst)
              .withDetail(times(worst, copied, "copying one array")));
    } catch (WorkerException failure) {
      return List.of(guest.failed(failure));
    }
  }

  private static String times(double[] samples, double[] base, String what) {
    double median = Statistics.median(base);
    return String.format(
        Locale.ROOT, "%.2f times %s (%.2f ms)", Statistics.median(samples) / median, what, median);
  }
}
