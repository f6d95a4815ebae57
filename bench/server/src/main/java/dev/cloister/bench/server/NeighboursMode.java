package dev.cloister.bench.server;

import dev.cloister.bench.server.LoadClient.Load;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What a tenant with a light load notices of others that use all they may.
@Command(
    name = "neighbours",
    description = "The latency of a light tenant alone and beside others that spin.",
    mixinStandardHelpOptions = true)
final class NeighboursMode implements Callable<Integer> {
  private static final long PAUSE_NANOS = 5_000_000;

  /// A spinning call ends after this time, so each tenant has some in flight at any time.
  private static final String SPINNING =
      """
      {"limits":{"deadlineMillis":1000,"cpuMillisPerCall":1000,"cpuMillisPerSecond":1000000,
      "concurrency":8,"queueLength":8,"requestsPerSecond":1000}}\
      """;

  @Option(
      names = "--tenants",
      paramLabel = "N",
      description = "Tenants that spin (${DEFAULT-VALUE}).",
      defaultValue = "50")
  private int tenants = 50;

  @Option(
      names = "--calls",
      paramLabel = "N",
      description = "Calls that each of them has in flight (${DEFAULT-VALUE}).",
      defaultValue = "2")
  private int calls = 2;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Length of a round (${DEFAULT-VALUE}).",
      defaultValue = "10")
  private double seconds = 10;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds alone and beside, in turn (${DEFAULT-VALUE}).",
      defaultValue = "3")
  private int rounds = 3;

  @Option(
      names = "--server-cpus",
      paramLabel = "LIST",
      description = "Where the server runs (default: anywhere).",
      defaultValue = "")
  private String serverCpus = "";

  private final PrintStream out = System.out;

  @Override
  public Integer call() throws Exception {
    Path root = Path.of(System.getProperty("bench.root", "."));
    Path log = Files.createTempFile("cloister-bench", ".log");
    try (Cloister server = Cloister.start(root, serverCpus, log);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      server.deploy("light", Cloister.WIDE_LIMITS);
      for (int i = 0; i < tenants; i++) {
        server.deploy("spin-" + i, SPINNING);
      }
      byte[] light = server.call("light", "add", "{\"args\":[1,2]}");
      try (LoadClient client = new LoadClient(server.url(), light, 4)) {
        client.run(seconds);
        out.printf(
            "%d tenants with %d calls in flight that spin until their deadline of 1 s%n",
            tenants, calls);
        out.printf(
            "%-10s %9s %9s %9s %9s %9s %9s%n",
            "", "p50 µs", "p90 µs", "p99 µs", "p99.9 µs", "answers", "refused");
        for (int round = 0; round < rounds; round++) {
          print("alone", client.run(seconds, PAUSE_NANOS));
          List<LoadClient> spinners = spinners(server);
          List<Future<Load>> loads = new ArrayList<>();
          spinners.forEach(
              spinner -> loads.add(threads.submit(() -> spinner.run(seconds + 3, 1_000_000))));
          Thread.sleep(2_000);
          print("beside", client.run(seconds, PAUSE_NANOS));
          for (Future<Load> load : loads) {
            load.get();
          }
          spinners.forEach(LoadClient::close);
        }
      }
    }
    return 0;
  }

  /// One client for all spinning tenants would be enough if they had the same request.
  private List<LoadClient> spinners(Cloister server) {
    List<LoadClient> spinners = new ArrayList<>();
    for (int i = 0; i < tenants; i++) {
      spinners.add(
          new LoadClient(server.url(), server.call("spin-" + i, "spin", "{\"args\":[]}"), calls));
    }
    return spinners;
  }

  private void print(String name, Load load) {
    Latencies latencies = load.latencies();
    out.printf(
        Locale.ROOT,
        "%-10s %9.0f %9.0f %9.0f %9.0f %9d %9d%n",
        name,
        latencies.micros(0.5),
        latencies.micros(0.9),
        latencies.micros(0.99),
        latencies.micros(0.999),
        load.answers(),
        load.otherAnswers());
  }
}
