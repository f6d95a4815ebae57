package dev.cloister.bench.density;

import dev.cloister.sandbox.Sandbox;
import dev.cloister.sandbox.config.SandboxConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// `scripts/bench density [TENANTS]`: deploys tenants that share one plugin, calls each once, and
/// says what an idle tenant takes of the heap, and what the second tenant of a plugin costs.
public final class DensityBench {
  private static final int DEFAULT_TENANTS = 10_000;
  private static final int WARM_UP_TENANTS = 500;
  private static final int CLIENTS = 8;
  private static final int CLASSES = 20;
  private static final String KEY = "cl_operator_0123456789abcdef0123456789abcdef";

  /// `(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))`
  private static final byte[] MODULE =
      HexFormat.of()
          .parseHex(
              "0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b");

  /// How many plugins have a first and a second tenant; the figures are for one.
  private static final int PLUGINS = 100;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final PrintStream out = System.out;
  private final String url;

  private DensityBench(String url) {
    this.url = url;
  }

  /// Runs it and ends the process.
  public static void main(String[] args)
      throws IOException, InterruptedException, ExecutionException {
    int tenants = args.length == 0 ? DEFAULT_TENANTS : Integer.parseInt(args[0]);
    Path folder = Files.createTempDirectory("cloister-density");
    SandboxConfig config = SandboxConfig.defaults().withDataFolder(folder);
    try (Sandbox sandbox = Sandbox.start(config.withHttp(config.http().withPort(0)), KEY)) {
      new DensityBench(sandbox.url()).run(tenants);
    }
    System.exit(0);
  }

  private void run(int tenants) throws InterruptedException, ExecutionException {
    LiveHeap empty = LiveHeap.now();
    inParallel(WARM_UP_TENANTS, i -> deploy("warm-up-" + i, module(PLUGINS)));
    deployAndTell("first");
    deployAndTell("second");
    LiveHeap before = LiveHeap.now();
    long start = System.nanoTime();
    inParallel(tenants, i -> deploy("tenant-" + i, MODULE));
    long nanos = System.nanoTime() - start;
    LiveHeap after = LiveHeap.now();

    out.printf("heap of the server before: %,d KB%n", empty.total() >> 10);
    out.printf(
        "%,d tenants deployed and called once in %d s, %.1f ms each%n",
        tenants, TimeUnit.NANOSECONDS.toSeconds(nanos), nanos / 1e6 / tenants);
    out.printf("heap after: %,d KB%n", after.total() >> 10);
    out.printf(
        "bytes for each idle tenant, what is stored of it included: %,d%n",
        (after.total() - before.total()) / tenants);
    out.printf("native modules of all plugins: %d%n", nativeModules());
    after
        .grownMost(before, CLASSES)
        .forEach(entry ->
            out.printf("  %7.1f  %s%n", (double) entry.getValue() / tenants, entry.getKey()));
  }

  /// Makes a tenant with a plugin and calls it.
  private void deploy(String tenant, byte[] module) {
    String path = "/v1/tenants/" + tenant;
    send("PUT", path, "application/json", "{}".getBytes(StandardCharsets.UTF_8));
    send("PUT", path + "/plugins/p", "application/wasm", module);
    send(
        "POST",
        path + "/plugins/p/call/add",
        "application/json",
        "{\"args\":[1,2]}".getBytes(StandardCharsets.UTF_8));
  }

  /// Makes a tenant for each of some plugins, and says what one costs: heap and time.
  private void deployAndTell(String tenant) {
    LiveHeap before = LiveHeap.now();
    long cpu = cpuNanos();
    long start = System.nanoTime();
    for (int i = 0; i < PLUGINS; i++) {
      deploy(tenant + "-" + i, module(i));
    }
    long nanos = System.nanoTime() - start;
    long cpuUsed = cpuNanos() - cpu;
    out.printf(
        "the %s tenant of a plugin: %,d bytes; made, uploaded to and called in %.1f ms, %.1f ms of"
            + " CPU%n",
        tenant,
        (LiveHeap.now().total() - before.total()) / PLUGINS,
        nanos / 1e6 / PLUGINS,
        cpuUsed / 1e6 / PLUGINS);
  }

  /// The module with a section that says nothing but a number, so that it has another digest.
  private static byte[] module(int number) {
    String section = "000601" + HexFormat.of().toHexDigits((byte) 'n') + "%08x".formatted(number);
    return HexFormat.of().parseHex(HexFormat.of().formatHex(MODULE) + section);
  }

  private int nativeModules() {
    String items =
        send("GET", "/v1/engine/native-modules?limit=1000", "application/json", new byte[0]);
    return items.split("\"digest\"", -1).length - 1;
  }

  private String send(String method, String path, String type, byte[] body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + path))
            .header("Authorization", "Bearer " + KEY)
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofByteArray(body))
            .build();
    try {
      HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
      if (answer.statusCode() / 100 != 2) {
        throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
      }
      return answer.body();
    } catch (IOException e) {
      throw new IllegalStateException(path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static long cpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private interface Step {
    void run(int number);
  }

  private static void inParallel(int count, Step step)
      throws InterruptedException, ExecutionException {
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<?>> steps = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int number = i;
        steps.add(clients.submit(() -> step.run(number)));
      }
      for (Future<?> done : steps) {
        done.get();
      }
    }
  }
}
