package dev.cloister.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.Reply;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import dev.cloister.sandbox.stats.LatencyHistogram;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server under mixed load for some time: calls, traps, time-outs, uploads, deletions, by many
/// tenants at once.
///
/// Strategy: several clients choose at random what to do, each thing has the answers that it may
/// have. Afterwards there was no other answer, and a second such time leaves no more memory,
/// threads and classes behind than the first one did. `-Dsoak.minutes=N` says how long
/// (`scripts/soak`); a quarter of a minute otherwise. The seed is printed; `-Dseed=N` repeats its
/// choices.
final class SoakTest {
  private static final int CLIENTS = 6;
  private static final int TENANTS = 8;
  private static final long PROGRESS_SECONDS = 10;
  private static final long MEBIBYTE = 1 << 20;
  private static final Duration DURATION =
      Duration.ofMillis(
          (long) (60_000 * Double.parseDouble(System.getProperty("soak.minutes", "0.25"))));

  /// What an overloaded server may always say.
  private static final Set<Integer> BUSY = Set.of(429, 503);

  private final long seed = Long.getLong("seed", System.nanoTime());
  private final Map<String, LongAdder> answers = new ConcurrentSkipListMap<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final LatencyHistogram latency = new LatencyHistogram();

  /// What a server holds when nothing goes on.
  private record Footprint(long heapBytes, int threads, int classes) {
    static Footprint take() {
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
      }
      return new Footprint(
          least,
          ManagementFactory.getThreadMXBean().getThreadCount(),
          ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    }
  }

  @Test
  void server_staysAsItIs_underMixedLoad(@TempDir Path folder) throws InterruptedException {
    System.err.println("soak: seed=" + seed + " seconds=" + DURATION.toSeconds());
    try (TestServer server = TestServer.start(folder)) {
      load(server, DURATION.dividedBy(3), 0);
      clear(server);
      Footprint before = Footprint.take();

      load(server, DURATION.multipliedBy(2).dividedBy(3), CLIENTS);
      clear(server);
      Footprint after = Footprint.take();

      LatencyHistogram.Snapshot calls = latency.snapshot();
      System.err.printf(
          "soak: calls=%d p50Millis=%.1f p99Millis=%.1f answers=%s before=%s after=%s%n",
          calls.total(),
          calls.quantileMillis(0.5),
          calls.quantileMillis(0.99),
          answers,
          before,
          after);
      assertThat(wrong).as("seed %d", seed).isEmpty();
      assertThat(calls.total()).isPositive();
      assertThat(after.threads).isLessThanOrEqualTo(before.threads + 16);
      assertThat(after.heapBytes).isLessThan(before.heapBytes * 3 / 2 + 64 * MEBIBYTE);
      assertThat(after.classes).isLessThan(before.classes * 3 / 2 + 2_000);
    }
  }

  private void load(TestServer server, Duration duration, int firstClient)
      throws InterruptedException {
    Instant end = Instant.now().plus(duration);
    CountDownLatch running = new CountDownLatch(CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
      Random random = new Random(seed + firstClient + i);
      Thread.ofPlatform()
          .name("soak-", i)
          .start(() -> {
            try {
              while (Instant.now().isBefore(end) && wrong.size() < 20) {
                step(server.operator(), random);
              }
            } catch (RuntimeException | AssertionError e) {
              wrong.add(e + ", because of " + e.getCause());
            } finally {
              running.countDown();
            }
          });
    }
    while (!running.await(PROGRESS_SECONDS, TimeUnit.SECONDS)) {
      System.err.printf(
          "soak: secondsLeft=%d calls=%d p99Millis=%.1f wrong=%d%n",
          Math.max(0, Duration.between(Instant.now(), end).toSeconds()),
          latency.snapshot().total(),
          latency.snapshot().quantileMillis(0.99),
          wrong.size());
    }
  }

  private static void clear(TestServer server) {
    for (int i = 0; i < TENANTS; i++) {
      server.operator().delete("/v1/tenants/tenant-" + i);
    }
  }

  private void step(TestClient operator, Random random) {
    String tenant = "/v1/tenants/tenant-" + random.nextInt(TENANTS);
    String plugin = tenant + "/plugins/plugin-" + random.nextInt(3);
    int choice = random.nextInt(1_000);
    if (choice < 20) {
      String limits = "{\"limits\":{\"deadlineMillis\":100,\"concurrency\":8}}";
      check("put-tenant", operator.put(tenant, limits), Set.of(200, 201));
    } else if (choice < 25) {
      check("delete-tenant", operator.delete(tenant), Set.of(204, 404));
    } else if (choice < 75) {
      byte[] module = Modules.arithmetic("variant " + random.nextInt(12));
      // Gone are tenants and plugins that somebody else deletes meanwhile.
      check("upload", operator.upload(plugin, module), Set.of(200, 201, 404, 409, 422));
    } else if (choice < 85) {
      check("delete-plugin", operator.delete(plugin), Set.of(204, 404));
    } else if (choice < 95) {
      // 409: another client deleted the plugin, whose compilations end with it.
      check("bad-upload", operator.upload(plugin, new byte[] {1, 2, 3}), Set.of(404, 409, 422));
    } else if (choice < 100) {
      check("metrics", operator.get("/metrics"), Set.of(200));
    } else if (choice < 110) {
      check("list", operator.get("/v1/tenants"), Set.of(200));
    } else if (choice < 130) {
      check("spin", operator.post(plugin + "/call/spin", "{}"), Set.of(404, 504));
    } else if (choice < 230) {
      check("trap", operator.post(plugin + "/call/trap", "{}"), Set.of(404, 422, 504));
    } else {
      long startNanos = System.nanoTime();
      Reply reply = operator.post(plugin + "/call/add", "{\"args\":[20,22]}");
      check("add", reply, Set.of(200, 404, 504));
      if (reply.status() == 200) {
        latency.record(System.nanoTime() - startNanos);
        if (!reply.text().contains("42")) {
          wrong.add("20 + 22 is " + reply.text());
        }
      }
    }
  }

  private void check(String what, Reply reply, Set<Integer> allowed) {
    answers.computeIfAbsent(what + " " + reply.status(), _ -> new LongAdder()).increment();
    if (!allowed.contains(reply.status()) && !BUSY.contains(reply.status())) {
      wrong.add(what + ": " + reply.status() + " " + reply.text());
    }
  }
}
