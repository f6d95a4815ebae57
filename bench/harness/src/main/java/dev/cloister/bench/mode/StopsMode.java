package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.engine.WorkerProcess;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Workload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// How long it takes to stop a guest that never ends, by how it spends its time: the 99th
/// percentile of the time from the request until the caller knows. And what another isolate on the
/// module notices: the 99th percentile of its calls while guests are stopped all the time, as a
/// ratio to that while they are not. Only our engine can be asked.
public record StopsMode(Settings settings, Path workloads) implements Mode {
  private static final int STOPS_PER_ROUND = 30;
  private static final int SHARER_ROUNDS_PER_ROUND = 3;
  private static final long SHARER_ROUND_MILLIS = 1_000;

  private static final String START = "start function";

  /// What the machine adds: a thread that sleeps beside a busy one wakes so late.
  private static final String MACHINE = "(a sleeping thread)";

  /// The exports of `stops.wat` that never end, and the start function of `stops-start.wat`.
  private static final List<String> SHAPES =
      List.of(
          MACHINE,
          "nothing",
          "counting",
          "condition",
          "stores",
          "vector loop",
          "long counted loop",
          "short counted loops",
          "counted loop begun anew",
          "switch",
          "calls",
          "indirect calls",
          "recursion",
          "tail calls of itself",
          "tail calls",
          "exceptions",
          "memory.fill of 64 MB",
          "memory.copy of 64 MB",
          "memory.fill of 64 KB",
          "memory.grow in vain",
          "table.copy and table.fill",
          "array.fill and array.copy",
          "garbage",
          "host calls",
          "memory.atomic.wait32",
          START);

  @Override
  public String title() {
    return "Stops: 99th percentile of the time to stop a guest, ms; neighbour: ratio of 99th"
        + " percentiles";
  }

  @Override
  public List<String> defaultWorkloads() {
    return List.of("fib");
  }

  /// Whatever the workload, it is `stops` that is measured.
  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    List<Result> results = new ArrayList<>();
    for (String shape : SHAPES) {
      progress.accept("stops: " + shape);
      columns.forEach(column -> results.add(latency(shape, column)));
    }
    for (boolean isQuarantined : new boolean[] {true, false}) {
      progress.accept("stops: neighbour");
      columns.forEach(column -> results.add(neighbour(isQuarantined, column)));
    }
    return results;
  }

  private Result latency(String shape, Column column) {
    String export =
        switch (shape) {
          case START -> "";
          case MACHINE -> "-";
          default -> shape;
        };
    int stops = STOPS_PER_ROUND * settings.rounds();
    try (WorkerProcess worker = start(column)) {
      double[] nanos =
          numbers(
              worker.ask(
                  "stops",
                  module(shape.equals(START) ? "stops-start.wasm" : "stops.wasm"),
                  export,
                  String.valueOf(stops)));
      return Result.of(shape, column.name(), nanos[1] / 1e6)
          .withDetail(
              String.format(
                  Locale.ROOT,
                  "%d samples, median %.1f ms, longest %.1f ms;"
                      + " CPU of the guest meanwhile: median %.1f, 99th percentile %.1f ms",
                  stops,
                  nanos[0] / 1e6,
                  nanos[2] / 1e6,
                  nanos[3] / 1e6,
                  nanos[4] / 1e6));
    } catch (WorkerException failure) {
      return Result.failed(shape, column.name(), failure.getMessage());
    }
  }

  private Result neighbour(boolean isQuarantined, Column column) {
    String row = isQuarantined ? "neighbour" : "neighbour, without quarantine";
    int rounds = SHARER_ROUNDS_PER_ROUND * settings.rounds();
    try (WorkerProcess worker = start(column)) {
      double[] figures =
          numbers(
              worker.ask(
                  "share",
                  module("stops.wasm"),
                  String.valueOf(isQuarantined),
                  String.valueOf(rounds),
                  String.valueOf(SHARER_ROUND_MILLIS)));
      return Result.of(row, column.name(), figures[0])
          .withDetail(
              String.format(
                  Locale.ROOT,
                  "%d rounds, 99th percentile %.3f ms, without stops %.3f ms,"
                      + " %.0f stops, %.0f armings",
                  rounds,
                  figures[2] / 1e6,
                  figures[1] / 1e6,
                  figures[3],
                  figures[4]));
    } catch (WorkerException failure) {
      return Result.failed(row, column.name(), failure.getMessage());
    }
  }

  private WorkerProcess start(Column column) {
    return WorkerProcess.start(
        column, settings.log(), Duration.ofSeconds(settings.patienceSeconds()));
  }

  private String module(String name) {
    return workloads.resolve(name).toString();
  }

  private static double[] numbers(String[] fields) {
    return Stream.of(fields).mapToDouble(Double::parseDouble).toArray();
  }
}
