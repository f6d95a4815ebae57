package dev.cloister.bench.engine;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A running worker: commands go to its stdin, answers come from its stdout, a line each; the
/// commands are listed at [dev.cloister.bench.worker.Worker]. What it says on stderr goes to a
/// file. Confined to one thread.
public final class WorkerProcess implements AutoCloseable {
  private final Column column;
  private final Process process;
  private final BufferedWriter commands;
  private final BufferedReader answers;
  private final Duration patience;

  /// A worker that is in the middle of a long command would not notice that nobody waits for it.
  private final Thread atExit;

  private WorkerProcess(Column column, Process process, Duration patience) {
    this.column = column;
    this.process = process;
    this.patience = patience;
    atExit = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(atExit);
    commands =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /// Starts a worker.
  ///
  /// @param log where its stderr goes
  /// @param patience how long one command may take
  public static WorkerProcess start(Column column, Path log, Duration patience) {
    try {
      Process process =
          new ProcessBuilder(column.command())
              .redirectError(ProcessBuilder.Redirect.appendTo(new File(log.toString())))
              .start();
      return new WorkerProcess(column, process, patience);
    } catch (IOException failure) {
      throw new WorkerException(String.valueOf(failure.getMessage()));
    }
  }

  /// {@return the column that it works for}
  public Column column() {
    return column;
  }

  /// {@return the process CPU time in nanoseconds}
  public double usageNanos() {
    return Double.parseDouble(ask("usage")[0]);
  }

  /// Sends one command and waits for its answer.
  ///
  /// @return the fields of the answer
  /// @throws WorkerException if it failed, died, or took too long, after which it is dead
  public String[] ask(String... command) {
    CompletableFuture<String> answer =
        CompletableFuture.supplyAsync(() -> {
          try {
            commands.write(String.join("\t", command));
            commands.newLine();
            commands.flush();
            String line = answers.readLine();
            return line == null ? "failed\tthe worker died" : line;
          } catch (IOException failure) {
            return "failed\tthe worker died";
          }
        });
    String[] fields;
    try {
      fields = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS).split("\t", -1);
    } catch (TimeoutException late) {
      process.destroyForcibly();
      throw new WorkerException(
          "no answer to `" + command[0] + "` in " + patience.toSeconds() + " s");
    } catch (ExecutionException | InterruptedException failure) {
      process.destroyForcibly();
      throw new WorkerException(String.valueOf(failure.getMessage()));
    }
    if (!fields[0].equals("ok")) {
      throw new WorkerException(fields.length > 1 ? fields[1] : fields[0]);
    }
    return Arrays.copyOfRange(fields, 1, fields.length);
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    try {
      commands.close();
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (IOException gone) {
      process.destroyForcibly();
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
