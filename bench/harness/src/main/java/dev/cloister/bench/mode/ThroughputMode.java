package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.workload.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// How much WebAssembly an engine makes code of in a second, as if nothing were lazy: decoding and
/// validating alone, and all code of its first tier. For each second of CPU time, which is for each
/// thread, and of the wall, with all threads that the engine uses; and the very first module of a
/// process, in which the engine's own code is as cold as it can be.
///
/// Ratios are the other way round than elsewhere: more is better.
public record ThroughputMode(Settings settings) implements Mode {
  /// What is smaller tells how long it takes to begin.
  private static final long SMALLEST_BYTES = 256 << 10;

  private static final double SAMPLE_NANOS = 2e8;

  private static final String VALIDATE = "validate";
  private static final String ALL = "compile-all";

  private static final String VALIDATED = "validated, a CPU second";
  private static final String CPU = "all code, a CPU second";
  private static final String WALL = "all code, a second of the wall";
  private static final String FIRST = "all code in a new process, a second of the wall";

  @Override
  public String title() {
    return "Compile throughput: MB of WebAssembly in a second, more is better";
  }

  @Override
  public boolean isDefault(Workload workload) {
    return bytes(workload) >= SMALLEST_BYTES;
  }

  /// The rows of a module have nothing in common.
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
      } catch (WorkerException failure) {
        for (String what : List.of(VALIDATED, CPU, WALL, FIRST)) {
          results.add(Result.failed(row(workload, what), column.name(), failure.getMessage()));
        }
      }
    }
    return results;
  }

  private List<Result> measure(Workload workload, Guest guest) {
    double bytes = bytes(workload);
    Guest.Times first = guest.whole(ALL, 1);
    Steady validated = Steady.of(guest, VALIDATE, 0, settings);
    Steady generated = Steady.of(guest, ALL, first.cpu(), settings);
    String column = guest.column();
    return List.of(
        Result.of(row(workload, VALIDATED), column, rates(bytes, validated.cpu())),
        Result.of(row(workload, CPU), column, rates(bytes, generated.cpu())),
        Result.of(row(workload, WALL), column, rates(bytes, generated.wall())),
        Result.of(row(workload, FIRST), column, rates(bytes, first.wall())));
  }

  /// Times of one step in the end, a sample for each round.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Steady(double[] cpu, double[] wall) {
    /// @param spent on it already, as warm-up
    static Steady of(Guest guest, String step, double spent, Settings settings) {
      int count = 1;
      double cpu = spent;
      double once = 0;
      // Clocks of a process tick slowly.
      while (cpu < settings.warmUpCpuMillis() * 1e6 || once < SAMPLE_NANOS) {
        count = once < SAMPLE_NANOS && cpu > spent ? count * 2 : count;
        once = guest.whole(step, count).cpu();
        cpu += Math.max(1, once);
      }
      Steady steady = new Steady(new double[settings.rounds()], new double[settings.rounds()]);
      for (int round = 0; round < settings.rounds(); round++) {
        Guest.Times times = guest.whole(step, count);
        steady.cpu[round] = times.cpu() / count;
        steady.wall[round] = times.wall() / count;
      }
      return steady;
    }
  }

  /// {@return megabytes in a second}
  private static double[] rates(double bytes, double... nanos) {
    return Arrays.stream(nanos).map(time -> bytes / 1e6 / (time / 1e9)).toArray();
  }

  private static String row(Workload workload, String what) {
    return workload.name() + ": " + what;
  }

  private static long bytes(Workload workload) {
    try {
      return Files.size(workload.module());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
