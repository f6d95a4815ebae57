package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Workload;
import dev.cloister.bench.workload.Workload.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What growing costs: CPU time of a fresh instance that grows its memory a page at a time, up to
/// so many pages, and touches each. An engine that copies the memory each time takes quadratic
/// time.
public record GrowMode(Settings settings, Path workloads) implements Mode {
  private static final int[] PAGES = {64, 512, 4096};

  @Override
  public String title() {
    return "Growing: CPU time to grow by so many pages, one at a time, ms";
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
              pages + " pages",
              workloads.resolve("grow.wasm"),
              new Task.Run(pages, checksum(pages), pages, checksum(pages)));
      progress.accept("grow: " + pages + " pages");
      for (Column column : columns) {
        try (Guest guest = Guest.start(growing, column, settings)) {
          results.add(measure(growing, guest));
        }
      }
    }
    return results;
  }

  private Result measure(Workload growing, Guest guest) {
    try {
      Result wrong = guest.load(/* isCold= */ false);
      if (wrong != null) {
        return wrong;
      }
      guest.fresh(settings.rounds());
      double[] samples = new double[settings.rounds()];
      for (int round = 0; round < samples.length; round++) {
        samples[round] = guest.fresh(1).cpu() / 1e6;
      }
      return Result.of(growing.name(), guest.column(), samples);
    } catch (WorkerException failure) {
      return guest.failed(failure);
    }
  }

  /// The sum over what `grow.c` adds up: the count so far and the size in pages, from 4 on.
  private static String checksum(long pages) {
    long initial = 4;
    return String.valueOf(pages * (pages - 1) / 2 + pages * initial + pages * (pages + 1) / 2);
  }
}
