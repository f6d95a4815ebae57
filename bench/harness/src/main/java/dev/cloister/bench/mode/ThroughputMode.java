package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// How fast an engine compiles a whole module, what is never called included: megabytes of Wasm in
/// a second of the wall, and in a second of CPU time, which is what one thread does. More is
/// better.
public record ThroughputMode(Settings settings) implements Mode {
  /// How often a module is compiled before it counts.
  private static final int WARM_UP = 3;

  private static final String WALL = "MB/s";
  private static final String CPU = "MB/s of a thread";

  @Override
  public String title() {
    return "Compilation of whole modules: MB/s, more is better";
  }

  @Override
  public List<String> defaultWorkloads() {
    return List.of("gofmt", "quickjs", "rollup-parser", "sqlite", "starlingmonkey");
  }

  /// The rows of a workload have nothing in common.
  @Override
  public String group(Workload workload, Result result) {
    return result.row().substring(workload.name().length() + 2);
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    List<Result> results = new ArrayList<>();
    for (Column column : columns) {
      progress.accept(workload.name() + ": " + column.name());
      try (Guest guest = Guest.start(workload, column, settings)) {
        results.addAll(measure(workload, guest));
      }
    }
    return results;
  }

  private List<Result> measure(Workload workload, Guest guest) {
    double megabytes = size(workload) / 1e6;
    double[] walls = new double[settings.rounds()];
    double[] cpus = new double[settings.rounds()];
    double first = 0;
    try {
      for (int i = -WARM_UP; i < walls.length; i++) {
        double before = guest.worker().usageNanos();
        double wall = guest.compileAll().wall();
        if (i == -WARM_UP) {
          first = megabytes * 1e9 / wall;
        }
        if (i >= 0) {
          walls[i] = megabytes * 1e9 / wall;
          cpus[i] = megabytes * 1e9 / (guest.worker().usageNanos() - before);
        }
      }
    } catch (WorkerException failure) {
      return List.of(guest.failed(failure).inRow(row(workload, WALL)));
    }
    return List.of(
        Result.of(row(workload, WALL), guest.column(), walls)
            .withDetail(String.format(Locale.ROOT, "%.1f MB/s the first time", first)),
        Result.of(row(workload, CPU), guest.column(), cpus));
  }

  private static String row(Workload workload, String what) {
    return workload.name() + ": " + what;
  }

  private static long size(Workload workload) {
    try {
      return Files.size(workload.module());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
