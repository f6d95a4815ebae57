package dev.cloister.bench.mode;

import dev.cloister.bench.engine.Column;
import dev.cloister.bench.engine.WorkerException;
import dev.cloister.bench.engine.WorkerProcess;
import dev.cloister.bench.report.Result;
import dev.cloister.bench.worker.JitVerdict;
import dev.cloister.bench.workload.Workload;
import dev.cloister.bench.workload.Workload.Task;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A workload in a worker of its own, so that no engine profits or suffers from what ran before.
final class Guest implements AutoCloseable {
  /// CPU and wall time in nanoseconds.
  record Times(double cpu, double wall) {
    static Times of(String[] fields, int from) {
      return new Times(Double.parseDouble(fields[from]), Double.parseDouble(fields[from + 1]));
    }
  }

  private final Workload workload;
  private final WorkerProcess worker;
  private @Nullable Times compilation;
  private @Nullable Times firstPass;

  private Guest(Workload workload, WorkerProcess worker) {
    this.workload = workload;
    this.worker = worker;
  }

  static Guest start(Workload workload, Column column, Settings settings) {
    return new Guest(
        workload,
        WorkerProcess.start(
            column, settings.log(), Duration.ofSeconds(settings.patienceSeconds())));
  }

  String column() {
    return worker.column().name();
  }

  /// Compiles, makes an instance, and does the first pass.
  ///
  /// @return a cell that says what was wrong with the result, or null if it was right
  /// @throws WorkerException if the engine cannot do it
  @Nullable Result load(boolean isCold) {
    compilation = Times.of(worker.ask("compile", workload.module().toString()), 0);
    String expected;
    String[] answer;
    switch (workload.task()) {
      case Task.Run run -> {
        expected = isCold ? run.coldChecksum() : run.checksum();
        answer = worker.ask("call", String.valueOf(isCold ? run.coldN() : run.n()));
      }
      case Task.Play play -> {
        answer = worker.ask("trace", play.trace().toString());
        // The worker has compared everything with the trace already.
        expected = answer[0];
      }
      case Task.Compile _ -> throw new WorkerException("its host is not here");
    }
    firstPass = Times.of(answer, 1);
    return answer[0].equals(expected)
        ? null
        : Result.wrong(workload.name(), column(), answer[0], expected);
  }

  /// Lets the process compile and run another workload, if the engine can.
  void precede(Workload other) {
    try {
      worker.ask("compile", other.module().toString());
      switch (other.task()) {
        case Task.Run run -> worker.ask("call", String.valueOf(run.coldN()));
        case Task.Play play -> worker.ask("trace", play.trace().toString());
        case Task.Compile _ -> {}
      }
    } catch (WorkerException _) {
      // Whether it can is not the question here; if it died, the next command fails.
    }
  }

  /// {@return the times from the binary to the first result}
  Times loadTimes() {
    Times compiled = compilation;
    Times passed = firstPass;
    if (compiled == null || passed == null) {
      throw new IllegalStateException("not loaded");
    }
    return new Times(compiled.cpu() + passed.cpu(), compiled.wall() + passed.wall());
  }

  /// Decodes and validates the module so often, or compiles all of it: CPU time of the process.
  ///
  /// @param step `validate` or `compile-all`
  Times whole(String step, int count) {
    return Times.of(worker.ask(step, workload.module().toString(), String.valueOf(count)), 0);
  }

  /// Does so many further passes.
  Times repeat(int passes) {
    return Times.of(worker.ask("repeat", String.valueOf(passes)), 0);
  }

  /// Does so many passes, each on a fresh instance, whose making does not count.
  Times fresh(int passes) {
    return Times.of(worker.ask("fresh", String.valueOf(passes)), 0);
  }

  /// {@return whether it is to be seen what HotSpot's compilers make of the guest}
  boolean isWatched() {
    return worker.column().isWatched();
  }

  /// Records what the compilers do from now on, where that is to be seen.
  void watch() {
    if (isWatched()) {
      worker.ask("watch");
    }
  }

  /// Records the guest's stack from now on, of one that is watched.
  void sample() {
    worker.ask("sample");
  }

  /// {@return what was seen of one that is watched}
  JitVerdict verdict() {
    return JitVerdict.of(worker.ask("watched"));
  }

  /// {@return the cell, with what is to be said of the compilers}
  static Result judged(Result result, JitVerdict verdict) {
    Result judged = result;
    if (verdict.failures() > 0) {
      judged =
          judged.withDetail(
              "compilations given up: " + verdict.failures() + ", " + verdict.failed());
    }
    if (!verdict.slow().isEmpty()) {
      judged = judged.withFault("hot, but not the last compiler's: " + verdict.slow());
    }
    return judged;
  }

  WorkerProcess worker() {
    return worker;
  }

  Result failed(WorkerException failure) {
    return Result.failed(workload.name(), column(), failure.getMessage());
  }

  @Override
  public void close() {
    worker.close();
  }
}
