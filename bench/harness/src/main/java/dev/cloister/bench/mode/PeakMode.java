package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.worker.JitVerdict;
import dev.cloister.bench.workload.Workload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How fast warm code is: CPU time of the calling thread for one pass.
///
/// All engines are warmed up one after the other, then take their samples in turns, so that what
/// the machine does meanwhile meets them all.
///
/// Of our engine it is then seen whether HotSpot's compilers gave something up, and whether all hot
/// code is the last compiler's. That takes samples of the stack, for which further passes are made
/// that do not count.
public record PeakMode(Settings settings) implements Mode {
  private static final int WATCHED_SAMPLES = 5;

  @Override
  public String title() {
    return "Peak: CPU time of a pass, ms";
  }

  @Override
  public List<Double> bounds() {
    return List.of(1.5, 2.2);
  }

  @Override
  public List<Result> measure(Workload workload, List<Column> columns, Consumer<String> progress) {
    List<Result> results = new ArrayList<>();
    List<Contender> contenders = new ArrayList<>();
    try {
      for (Column column : columns) {
        progress.accept(workload.name() + ": " + column.name() + " warms up");
        Guest guest = Guest.start(workload, column, settings);
        Contender contender = new Contender(workload.name(), guest, settings.rounds());
        contenders.add(contender);
        contender.attempt(() -> contender.warmUp(settings));
      }
      for (int round = 0; round < settings.rounds(); round++) {
        progress.accept(workload.name() + ": round " + (round + 1) + " of " + settings.rounds());
        for (Contender contender : contenders) {
          int index = round;
          contender.attempt(() -> contender.sample(index));
        }
      }
      contenders.forEach(contender -> contender.attempt(contender::look));
      contenders.forEach(contender -> results.add(contender.result()));
    } finally {
      contenders.forEach(contender -> contender.guest.close());
    }
    return results;
  }

  /// One engine in the rounds; out of them for good once it failed.
  private static final class Contender {
    private final String row;
    private final Guest guest;
    private final double[] samples;
    private WarmUp.@Nullable Outcome warmUp;
    private @Nullable JitVerdict verdict;
    private @Nullable Result failure;

    Contender(String row, Guest guest, int rounds) {
      this.row = row;
      this.guest = guest;
      samples = new double[rounds];
    }

    void attempt(Runnable step) {
      if (failure != null) {
        return;
      }
      try {
        step.run();
      } catch (WorkerException failed) {
        failure = guest.failed(failed);
      }
    }

    void warmUp(Settings settings) {
      guest.watch();
      failure = guest.load(/* isCold= */ false);
      if (failure == null) {
        warmUp = WarmUp.run(guest, settings);
      }
    }

    void sample(int round) {
      WarmUp.Outcome found = warmUp;
      if (found != null) {
        samples[round] = guest.repeat(found.passes()).cpu() / found.passes() / 1e6;
      }
    }

    void look() {
      WarmUp.Outcome found = warmUp;
      if (found != null && guest.isWatched()) {
        guest.sample();
        guest.repeat(found.passes() * WATCHED_SAMPLES);
        verdict = guest.verdict();
      }
    }

    Result result() {
      Result result = failure;
      if (result != null) {
        return result;
      }
      result = Result.of(row, guest.column(), Arrays.copyOf(samples, samples.length));
      if (warmUp == null || !warmUp.isSteady()) {
        result = result.withDetail("not known to be steady when the warm-up ended");
      }
      return verdict == null ? result : Guest.judged(result, verdict);
    }
  }
}
