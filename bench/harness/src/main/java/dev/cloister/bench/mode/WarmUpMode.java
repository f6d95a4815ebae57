package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Group;
import dev.cloister.bench.workload.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// How long an engine needs to get fast, from the binary on: time of the wall and CPU time of the
/// whole process until passes take no more than half above what they take in the end, and for how
/// long the JVM's interpreter executed the guest's code.
public record WarmUpMode(Settings settings) implements Mode {
  /// Between two looks whether it is the end.
  private static final double LOOK_NANOS = 1e9;

  private static final String WALL = "ms of the wall";
  private static final String CPU = "ms of CPU";
  private static final String INTERPRETER = "ms in the JVM's interpreter";

  @Override
  public String title() {
    return "Warm-up: from the binary to within half above the final speed";
  }

  @Override
  public boolean isDefault(Workload workload) {
    return workload.group() == Group.INTERPRETER || workload.group() == Group.PROGRAM;
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
      List<WarmUpCurve> curves = new ArrayList<>();
      Result failure = null;
      for (int round = 0; round < settings.rounds() && failure == null; round++) {
        progress.accept(workload.name() + ": " + column.name());
        try (Guest guest = Guest.start(workload, column, settings)) {
          WarmUpCurve curve = new WarmUpCurve();
          curves.add(curve);
          failure = follow(guest, curve);
        }
      }
      if (failure == null) {
        results.addAll(results(workload, column, curves));
      } else {
        results.add(failure.inRow(row(workload, WALL)));
      }
    }
    return results;
  }

  private static String row(Workload workload, String what) {
    return workload.name() + ": " + what;
  }

  /// @return a cell if it cannot be measured, otherwise null
  private @Nullable Result follow(Guest guest, WarmUpCurve curve) {
    try {
      guest.watch();
      if (guest.isWatched()) {
        guest.sample();
      }
      double before = guest.worker().usageNanos();
      Result wrong = guest.load(/* isCold= */ false);
      if (wrong != null) {
        return wrong;
      }
      curve.add(guest.loadTimes(), guest.worker().usageNanos() - before);
      while (curve.wallNanos() < settings.warmUpWallMillis() * 1e6 && !curve.isOver()) {
        double nextLook = curve.wallNanos() + LOOK_NANOS;
        while (curve.wallNanos() < nextLook) {
          curve.add(guest.repeat(1), guest.worker().usageNanos() - before);
        }
      }
      if (guest.isWatched()) {
        curve.judge(guest.verdict());
      }
      return null;
    } catch (WorkerException failure) {
      return guest.failed(failure);
    }
  }

  private static List<Result> results(Workload workload, Column column, List<WarmUpCurve> curves) {
    WarmUpCurve last = curves.getLast();
    String detail =
        String.format(
            Locale.ROOT,
            "first result after %.0f ms, %.2f ms a pass in the end",
            last.firstNanos() / 1e6,
            last.finalNanos() / 1e6);
    if (!last.isOver()) {
      detail += ", which is not known to be the final speed";
    }
    Result wall =
        result(workload, WALL, column, curves, WarmUpCurve::fastWallNanos).withDetail(detail);
    List<Result> results = new ArrayList<>();
    if (last.verdict() != null) {
      wall = Guest.judged(wall, last.verdict());
      results.add(result(workload, INTERPRETER, column, curves, WarmUpCurve::interpretedNanos));
    }
    results.add(0, wall);
    results.add(1, result(workload, CPU, column, curves, WarmUpCurve::fastCpuNanos));
    return results;
  }

  private static Result result(
      Workload workload,
      String what,
      Column column,
      List<WarmUpCurve> curves,
      ToDoubleFunction<WarmUpCurve> nanos) {
    double[] samples = curves.stream().mapToDouble(nanos).map(value -> value / 1e6).toArray();
    return Result.of(row(workload, what), column.name(), samples);
  }
}
