package dev.cloister.isolate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineStatistics;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.isolate.fake.FakeTimer;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallExport;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.verticle.WasiHost;
import dev.cloister.isolate.wasi.OutputSink;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A tenant that is gone leaves nothing: what thousands of them took is given back.
///
/// An ordinary run has 1,000 cycles, `-Dslow=true` 10,000.
@Timeout(1_200)
final class IsolateCyclesTest {
  private static final int CYCLES = Boolean.getBoolean("slow") ? 10_000 : 1_000;
  private static final int WARM_UP_CYCLES = 300;

  /// A cycle that kept its classes would keep some 20 KB of metaspace, and as much heap.
  private static final long ALLOWED_BYTES_PER_CYCLE = 2_000;

  private static final long ALLOWED_NOISE_BYTES = 4 << 20;

  private final Vertx vertx = Vertx.vertx();
  private final Guests guests = new Guests();
  private final GuestExecutor executor = GuestExecutor.create(2);
  private final IsolateManager manager =
      new IsolateManager(vertx, guests.engine(), executor, WasiHost.system(), new FakeTimer());

  @AfterEach
  void stop() {
    get(manager.close());
    executor.close();
    guests.close();
    get(vertx.close());
  }

  /// What the process holds after a collection.
  private record Footprint(long metaspaceBytes, long heapBytes, int classes, int threads) {
    static Footprint now() throws InterruptedException {
      Footprint least = sample();
      for (int i = 0; i < 5; i++) {
        System.gc();
        Thread.sleep(50);
        Footprint next = sample();
        least =
            new Footprint(
                Math.min(least.metaspaceBytes, next.metaspaceBytes),
                Math.min(least.heapBytes, next.heapBytes),
                Math.min(least.classes, next.classes),
                Math.min(least.threads, next.threads));
      }
      return least;
    }

    private static Footprint sample() {
      long metaspace =
          ManagementFactory.getMemoryPoolMXBeans().stream()
              .filter(pool -> pool.getName().equals("Metaspace"))
              .mapToLong(pool -> pool.getUsage().getUsed())
              .sum();
      return new Footprint(
          metaspace,
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
          ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
          ManagementFactory.getThreadMXBean().getThreadCount());
    }
  }

  @Test
  void tenants_thatComeAndGo_leaveNothing() throws InterruptedException {
    for (int i = 0; i < WARM_UP_CYCLES; i++) {
      cycle(i);
    }
    Footprint before = Footprint.now();
    for (int i = 0; i < CYCLES; i++) {
      cycle(WARM_UP_CYCLES + i);
    }
    Footprint after = Footprint.now();

    String both = before + " then " + after;
    long allowedBytes = ALLOWED_NOISE_BYTES + CYCLES * ALLOWED_BYTES_PER_CYCLE;
    assertThat(after.metaspaceBytes - before.metaspaceBytes).as(both).isLessThan(allowedBytes);
    assertThat(after.heapBytes - before.heapBytes).as(both).isLessThan(allowedBytes);
    assertThat(after.classes - before.classes).as(both).isLessThan(CYCLES / 4);
    assertThat(after.threads).as(both).isLessThanOrEqualTo(before.threads + 2);
    EngineStatistics statistics = guests.engine().statistics();
    assertThat(statistics.nativeModules()).isZero();
    // The isolate of the fixture.
    assertThat(statistics.isolates()).isEqualTo(1);
    assertThat(guests.engine().compileJobs()).isEmpty();
    assertThat(statistics.compilations()).isEqualTo(WARM_UP_CYCLES + CYCLES);
  }

  /// Add, upload, call, remove.
  private void cycle(int number) {
    IsolateId id = new IsolateId("tenant-" + number);
    Isolate isolate = get(manager.create(id, IsolateLimits.defaults()));
    byte[] bytes = module(number);
    ModuleUpload upload = isolate.startUpload("plugin");
    upload.push(bytes, 0, bytes.length);
    PluginHandle plugin = upload.finish();
    assertThat(isolate.heap().chargedBytes()).isPositive();
    CallExport call =
        new CallExport(
            plugin, "add", List.of(number, 1), /* requestBytes= */ 10, OutputSink.DISCARD);
    assertThat(get(isolate.invoke(call)).result()).isInstanceOf(Returned.class);
    get(manager.dispose(id));
    assertThat(isolate.heap().chargedBytes()).isZero();
  }

  /// Other bytes each time, so nothing is found in a cache.
  private static byte[] module(int number) {
    NumType type = NumType.I32;
    return new ModuleBuilder()
        .exportFunction(
            "add",
            new FuncType(List.of(type, type), List.of(type)),
            code -> code.localGet(0).localGet(1).i32Add())
        .memory(1)
        .custom("number", ByteBuffer.allocate(4).putInt(number).array())
        .build();
  }

  private static <T extends @Nullable Object> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
