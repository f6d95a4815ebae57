package dev.cloister.bench.server;

import dev.cloister.bench.server.LoadClient.Load;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What a call over HTTP costs: the CPU time of the server's process for each request, beside a
/// handler of Vert.x that does nothing, and node that does the same.
@Command(
    name = "http",
    description = "CPU time of a call over HTTP, beside a bare handler and node with V8.",
    mixinStandardHelpOptions = true)
final class HttpMode implements Callable<Integer> {
  private static final String BODY = "{\"args\":[1,2]}";

  @Option(
      names = "--server-cpus",
      paramLabel = "LIST",
      description = "Where servers run (${DEFAULT-VALUE}).",
      defaultValue = "0")
  private String serverCpus = "0";

  @Option(
      names = "--client-cpus",
      paramLabel = "LIST",
      description = "Where this client runs, which never sleeps (${DEFAULT-VALUE}).",
      defaultValue = "1")
  private String clientCpus = "1";

  @Option(
      names = "--connections",
      paramLabel = "N",
      description = "Connections (${DEFAULT-VALUE}).",
      defaultValue = "64")
  private int connections = 64;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Length of a round (${DEFAULT-VALUE}).",
      defaultValue = "5")
  private double seconds = 5;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      description = "Load before the first round (${DEFAULT-VALUE}).",
      defaultValue = "15")
  private double warmUpSeconds = 15;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds of each row; the median is shown (${DEFAULT-VALUE}).",
      defaultValue = "3")
  private int rounds = 3;

  @Option(names = "--only", split = ",", paramLabel = "ROW", description = "Only these rows.")
  private @Nullable List<String> only;

  private final PrintStream out = System.out;
  private double bareMicros = Double.NaN;

  /// A round of a row.
  private record Round(double cpuMicros, double perSecond, Load load) {}

  @Override
  public Integer call() throws Exception {
    Path root = Path.of(System.getProperty("bench.root", "."));
    Path log = Files.createTempFile("cloister-bench", ".log");
    ServerProcess.pinCaller(clientCpus);
    out.printf("servers on CPU %s, this client on %s; logs in %s%n", serverCpus, clientCpus, log);
    out.printf(
        "%-22s %12s %12s %12s %9s %9s%n",
        "", "µs of CPU", "above bare", "requests/s", "p50 µs", "p99 µs");
    if (isWanted("bare")) {
      List<String> bare =
          List.of(
              Cloister.java(),
              "@" + root.resolve("config/jvm.options"),
              "-Xmx1g",
              "-cp",
              System.getProperty("java.class.path"),
              BareServer.class.getName());
      try (ServerProcess server = ServerProcess.start(serverCpus, bare, log)) {
        bareMicros = row("bare Vert.x handler", server, plainRequest());
      }
    }
    for (String policy : List.of("fresh", "pooled", "stateful")) {
      if (isWanted(policy)) {
        try (Cloister server = Cloister.start(root, serverCpus, log)) {
          server.deploy("bench", Cloister.WIDE_LIMITS);
          if (server.setPolicy("bench", policy)) {
            row("cloister " + policy, server.process(), server.call("bench", "add", BODY));
          } else {
            out.printf("%-22s not available%n", "cloister " + policy);
          }
        }
      }
    }
    for (String mode : List.of("fresh", "shared")) {
      if (isWanted("node-" + mode)) {
        Path module = Files.createTempFile("cloister-bench", ".wasm");
        Files.write(module, TestModule.bytes());
        List<String> node =
            List.of(
                "node", root.resolve("bench/node/http.mjs").toString(), mode, module.toString());
        try (ServerProcess server = ServerProcess.start(serverCpus, node, log)) {
          row("node + V8 " + mode, server, plainRequest());
        }
      }
    }
    return 0;
  }

  private boolean isWanted(String row) {
    return only == null || only.contains(row);
  }

  private double row(String name, ServerProcess server, byte[] request) {
    List<Round> done = new ArrayList<>();
    try (LoadClient client = new LoadClient(server.url(), request, connections)) {
      client.run(warmUpSeconds);
      for (int i = 0; i < rounds; i++) {
        long before = server.cpu().toNanos();
        Load load = client.run(seconds);
        double cpuMicros = (server.cpu().toNanos() - before) / 1e3 / load.answers();
        done.add(new Round(cpuMicros, load.answers() / load.seconds(), load));
        if (load.otherAnswers() > 0) {
          out.printf("%s: %d answers were not 200%n", name, load.otherAnswers());
        }
      }
    }
    done.sort((a, b) -> Double.compare(a.cpuMicros, b.cpuMicros));
    Round median = done.get(done.size() / 2);
    out.printf(
        Locale.ROOT,
        "%-22s %12.1f %12.1f %12.0f %9.0f %9.0f%n",
        name,
        median.cpuMicros,
        median.cpuMicros - bareMicros,
        median.perSecond,
        median.load.latencies().micros(0.5),
        median.load.latencies().micros(0.99));
    return median.cpuMicros;
  }

  private static byte[] plainRequest() {
    String head =
        """
        POST /v1/tenants/bench/plugins/p/call/add HTTP/1.1
        Host: localhost
        Authorization: Bearer cl_operator_0123456789abcdef0123456789abcdef
        Content-Type: application/json
        Content-Length: %d

        """
            .formatted(BODY.length())
            .replace("\n", "\r\n");
    return (head + BODY).getBytes(StandardCharsets.US_ASCII);
  }
}
