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
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
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

  /// A cycle that kept its classes would keep five of them, and some 20 KB of metaspace.
  private static final long ALLOWED_BYTES_PER_CYCLE = 2_000;

  private static final long ALLOWED_NOISE_BYTES = 4 << 20;

  /// Collections run beside the program here, and do not tidy up the heap.
  private static final long ALLOWED_HEAP_NOISE_BYTES = 32 << 20;

  /// How many of the last tenants something may still refer to.
  private static final int ALLOWED_STRAGGLERS = 5;

  /// The tenants and their modules.
  private final List<WeakReference<Object>> gone = new ArrayList<>();

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

  /// What the process holds.
  private record Footprint(long metaspaceBytes, long heapBytes, int classes, int threads) {
    /// Collects until no collection gives back much more.
    static Footprint settled() throws InterruptedException {
      Footprint least = collected();
      for (int unchanged = 0; unchanged < 10; unchanged++) {
        Footprint next = collected();
        if (next.classes < least.classes) {
          unchanged = 0;
        }
        least = least.least(next);
      }
      return least;
    }

    /// Collects until it is within what is allowed, or for a minute.
    static Footprint within(Footprint allowed) throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      Footprint least = collected();
      while (!least.least(allowed).equals(least) && System.nanoTime() < end) {
        least = least.least(collected());
      }
      return least;
    }

    /// The JVM unloads classes by and by: what compiled code refers to goes with that code.
    private static Footprint collected() throws InterruptedException {
      System.gc();
      Thread.sleep(50);
      return sample();
    }

    private Footprint least(Footprint other) {
      return new Footprint(
          Math.min(metaspaceBytes, other.metaspaceBytes),
          Math.min(heapBytes, other.heapBytes),
          Math.min(classes, other.classes),
          Math.min(threads, other.threads));
    }

    /// What may be there after some cycles, by what a leak of a few objects in each would be.
    Footprint allowedAfter(int cycles) {
      return new Footprint(
          metaspaceBytes + ALLOWED_NOISE_BYTES + cycles * ALLOWED_BYTES_PER_CYCLE,
          heapBytes + ALLOWED_HEAP_NOISE_BYTES + cycles * ALLOWED_BYTES_PER_CYCLE,
          classes + cycles / 4,
          threads + cycles / 50);
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
    Footprint before = Footprint.settled();
    for (int i = 0; i < CYCLES; i++) {
      cycle(WARM_UP_CYCLES + i);
    }
    Footprint allowed = before.allowedAfter(CYCLES);
    Footprint after = Footprint.within(allowed);

    assertThat(after.least(allowed)).as("%s before, %s allowed", before, allowed).isEqualTo(after);
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> {
          System.gc();
          return gone.stream().filter(reference -> !reference.refersTo(null)).count()
              <= ALLOWED_STRAGGLERS;
        });
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
        CallExport.of(
            plugin, "add", List.of(number, 1), /* requestBytes= */ 10, OutputSink.DISCARD);
    assertThat(get(isolate.invoke(call)).result()).isInstanceOf(Returned.class);
    get(manager.dispose(id));
    assertThat(isolate.heap().chargedBytes()).isZero();
    gone.add(new WeakReference<>(isolate));
    gone.add(new WeakReference<>(plugin.module()));
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
