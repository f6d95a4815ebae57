package dev.cloister.bench.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A server that was started for a measurement and says `READY http://HOST:PORT`.
final class ServerProcess implements AutoCloseable {
  private static final String READY = "READY ";
  private static final int STOP_SECONDS = 20;

  private final Process process;
  private final BufferedReader output;
  private final URI url;

  private ServerProcess(Process process, BufferedReader output, URI url) {
    this.process = process;
    this.output = output;
    this.url = url;
  }

  /// Starts one and waits until it accepts requests.
  ///
  /// @param cpus where it runs, as `taskset -c` takes it; empty for anywhere
  /// @param log what gets its standard error
  static ServerProcess start(String cpus, List<String> command, Path log) {
    List<String> pinned = new ArrayList<>(pin(cpus));
    pinned.addAll(command);
    try {
      Process process =
          new ProcessBuilder(pinned).redirectError(Redirect.appendTo(log.toFile())).start();
      BufferedReader output =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith(READY)) {
          return new ServerProcess(
              process, output, URI.create(line.substring(READY.length()).strip()));
        }
      }
      throw new IllegalStateException("it did not start, see " + log + ": " + command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What a command begins with to run on some processors.
  static List<String> pin(String cpus) {
    return cpus.isEmpty() ? List.of() : List.of("taskset", "-c", cpus);
  }

  /// Has the calling process run on some processors only.
  ///
  /// @param cpus as `taskset -c` takes it; empty for anywhere
  static void pinCaller(String cpus) throws IOException, InterruptedException {
    if (cpus.isEmpty()) {
      return;
    }
    String self = Long.toString(ProcessHandle.current().pid());
    Process taskset =
        new ProcessBuilder("taskset", "-a", "-c", "-p", cpus, self)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.INHERIT)
            .start();
    if (taskset.waitFor() != 0) {
      throw new IllegalStateException("cannot run on the processors " + cpus);
    }
  }

  URI url() {
    return url;
  }

  /// The CPU time of all its threads, to a hundredth of a second.
  Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      output.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
