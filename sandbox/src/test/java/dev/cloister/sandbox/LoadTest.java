package dev.cloister.sandbox;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.fixture.TestClient;
import dev.cloister.sandbox.fixture.TestServer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the server keeps promising while much goes on.
final class LoadTest {
  private static final String MATH = "/v1/tenants/acme/plugins/math";
  private static final int LARGE_MODULE_BYTES = 10_000_000;
  private static final long MILLION = 1_000_000;

  private TestServer server;
  private TestClient operator;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = TestServer.start(folder);
    operator = server.operator();
    operator.put("/v1/tenants/acme", "{}").expect(201);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void health_isAnsweredQuickly_whileLargeModulesAreUploaded() {
    List<byte[]> modules = List.of(largeModule(1), largeModule(2));
    for (int i = 0; i < 500; i++) {
      operator.get("/healthz").expect(200);
    }
    List<CompletableFuture<Void>> uploads =
        modules.stream()
            .map(module ->
                CompletableFuture.runAsync(
                    () -> operator.upload(MATH + Arrays.hashCode(module) % 7, module).expect(201)))
            .toList();
    CompletableFuture<Void> all =
        CompletableFuture.allOf(uploads.toArray(CompletableFuture[]::new));
    long[] nanos = new long[100_000];
    int count = 0;
    while (!all.isDone() && count < nanos.length) {
      long start = System.nanoTime();
      operator.get("/healthz").expect(200);
      nanos[count++] = System.nanoTime() - start;
    }
    all.join();

    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    long p99Millis = sorted[(int) (count * 0.99)] / MILLION;
    System.err.println("healthz during uploads: count=" + count + " p99Millis=" + p99Millis);
    // On a quiet machine it is below 50; a machine that runs other builds must not fail the test.
    assertThat(p99Millis).isLessThan(500);
  }

  /// A valid module of about 10 MB, all of it code.
  private static byte[] largeModule(int seed) {
    FuncType type = new FuncType(List.of(I32), List.of(I32));
    ModuleBuilder builder = new ModuleBuilder();
    int functions = 2_000;
    int stepsPerFunction = LARGE_MODULE_BYTES / functions / 8;
    for (int function = 0; function < functions; function++) {
      int base = seed * 1_000_000 + function;
      builder.function(
          type,
          code -> {
            for (int step = 0; step < stepsPerFunction; step++) {
              code.localGet(0).i32Const(base + step).op(Opcode.I32_ADD).localSet(0);
            }
            code.localGet(0);
          });
    }
    return builder.build();
  }

  @Test
  void calls_neverFail_whileTheLiveVersionIsReplaced() {
    operator.upload(MATH, Modules.arithmetic("0")).expect(201);
    AtomicBoolean isDone = new AtomicBoolean();
    CompletableFuture<Integer> callers =
        CompletableFuture.supplyAsync(() -> {
          int calls = 0;
          while (!isDone.get()) {
            operator.post(MATH + "/call/add", "{\"args\":[2,40]}").expect(200);
            calls++;
          }
          return calls;
        });
    operator
        .put("/v1/tenants/acme/limits", "{\"limits\":{\"versionsPerPlugin\":1000}}")
        .expect(200);

    for (int version = 1; version <= 40; version++) {
      operator.upload(MATH, Modules.arithmetic("" + version)).expect(201);
    }

    isDone.set(true);
    assertThat(callers.join()).isPositive();
    // The live version and the few that were called last are still compiled, the others are not.
    JsonNode modules = operator.get("/v1/engine/native-modules").json().path("items");
    assertThat(modules.size()).isLessThanOrEqualTo(5);
  }

  @Test
  void afterThousandMixedCalls_everythingIsWhereItWas() {
    operator.upload(MATH, Modules.arithmetic()).expect(201);
    operator.upload("/v1/tenants/acme/plugins/hello", Modules.command(1, "hello", 0)).expect(201);
    operator.put("/v1/tenants/acme/limits", "{\"limits\":{\"deadlineMillis\":100}}").expect(200);
    calls(300);
    Footprint before = settled();

    calls(1_000);

    Footprint after = settled();
    assertThat(after.threads).isLessThanOrEqualTo(before.threads + 4);
    assertThat(after.memory).isEqualTo(before.memory);
    assertThat(after.classes).isLessThan(before.classes + 300);
    assertThat(after.heapBytes).isLessThan(before.heapBytes + 16 * MILLION);
  }

  /// What the server holds when nothing runs.
  private record Footprint(int threads, long heapBytes, int classes, JsonNode memory) {}

  private Footprint settled() {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> usage().path("usage").path("concurrency").asInt() == 0);
    for (int i = 0; i < 5; i++) {
      System.gc();
    }
    return new Footprint(
        ManagementFactory.getThreadMXBean().getThreadCount(),
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
        ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
        usage().path("memory"));
  }

  private JsonNode usage() {
    return operator.get("/v1/tenants/acme/usage").expect(200).json();
  }

  private void calls(int count) {
    for (int i = 0; i < count; i++) {
      switch (i % 10) {
        case 0 -> operator.post(MATH + "/call/divide", "{\"args\":[1,0]}").problem(422, "trap");
        case 1 -> operator.post(MATH + "/call/none", "{}").problem(404, "unknown-export");
        case 2 ->
            operator.post(MATH + "/call/add", "{\"args\":[1]}").problem(400, "invalid-arguments");
        case 3 -> operator.post(MATH + "/call/add", "{\"args\":").problem(400, "malformed-json");
        case 4 -> operator.post("/v1/tenants/acme/plugins/hello/run", new byte[100]).expect(200);
        case 5 -> spin(i);
        default -> operator.post(MATH + "/call/add", "{\"args\":[1,2]}").expect(200);
      }
    }
  }

  /// Runs into the deadline now and then, which takes its time.
  private void spin(int i) {
    if (i % 100 == 5) {
      operator.post(MATH + "/call/spin", "{}").problem(504, "deadline");
    }
  }
}
