package dev.cloister.isolate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapSnapshot;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallExport;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationResult;
import dev.cloister.isolate.verticle.InvocationResult.Deadline;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.Overloaded;
import dev.cloister.isolate.verticle.InvocationResult.RateLimited;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.verticle.InvocationResult.Trapped;
import dev.cloister.isolate.wasi.OutputSink;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A tenant that tries to take all there is, and its neighbour, which gets right answers meanwhile.
///
/// After each attack the attacker holds what its modules take and nothing else, and no guest runs.
/// `-Dslow=true` tries many more sizes of frames.
@Timeout(600)
final class AttackTest {
  private static final boolean IS_SLOW = Boolean.getBoolean("slow");
  private static final long SHORT_MILLIS = 300;

  private final Vertx vertx = Vertx.vertx();
  private final Guests guests = new Guests();
  private final GuestExecutor executor = GuestExecutor.create(4);
  private final IsolateManager manager = new IsolateManager(vertx, guests.engine(), executor);
  private final Isolate attacker = get(manager.create(new IsolateId("attacker"), limits()));
  private final Neighbour neighbour = new Neighbour();

  @BeforeEach
  void startNeighbour() {
    neighbour.start();
  }

  @AfterEach
  void everythingIsWhereItWas() {
    neighbour.stop();
    assertThat(neighbour.answers.get()).as("answers of the neighbour").isPositive();
    assertThat(neighbour.faults).isEmpty();
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> executor.runningCount() == 0 && attacker.usage().inFlight() == 0);
    HeapSnapshot heap = attacker.heap();
    heap.bytes()
        .forEach((category, bytes) -> {
          if (category != HeapCategory.CODE_SHARE) {
            assertThat(bytes).as(category.label()).isZero();
          }
        });
    get(manager.dispose(attacker.id()));
    assertThat(attacker.heap().chargedBytes()).isZero();
    get(manager.close());
    executor.close();
    guests.close();
    get(vertx.close());
  }

  @Test
  void growLoops_endAtTheirLimits() {
    PluginHandle growing = upload(AttackModules.growing());

    assertLimit(call(growing, "memory"), "memoryPerInstanceBytes");
    assertLimit(call(growing, "table"), "tableElements");
    limit(IsolateLimit.DEADLINE_MILLIS, SHORT_MILLIS);
    assertThat(call(growing, "stubborn-memory")).isInstanceOf(Deadline.class);
    assertThat(call(growing, "stubborn-table")).isInstanceOf(Deadline.class);
  }

  @Test
  void hugeDeclarations_areRefusedBeforeTheyAreAllocated() {
    assertLimit(call(upload(AttackModules.tables(1, 9_000_000)), "run"), "tableElements");
    assertLimit(call(upload(AttackModules.tables(90, 100_000)), "run"), "tableElements");
    assertLimit(call(upload(AttackModules.memories(1, 65_536)), "run"), "memoryPerInstanceBytes");
    assertLimit(call(upload(AttackModules.memories(90, 1_000)), "run"), "memoryPerInstanceBytes");
  }

  @Test
  void floodsOfObjects_endAtTheLimitOrTheDeadline() {
    PluginHandle objects = upload(AttackModules.objects());

    assertLimit(call(objects, "kept"), "gcHeapBytes");
    assertThat(call(objects, "array", Integer.MAX_VALUE))
        .isInstanceOfSatisfying(
            Trapped.class,
            trapped -> assertThat(trapped.trap()).isEqualTo("allocation size too large"));
    assertLimit(call(objects, "array", 64 << 20), "gcHeapBytes");
    limit(IsolateLimit.DEADLINE_MILLIS, SHORT_MILLIS);
    assertThat(call(objects, "garbage")).isInstanceOf(Deadline.class);
  }

  @Test
  void hugeArray_ofUnsignedLength_isRefused() {
    InvocationResult result = call(upload(AttackModules.objects()), "array", -1);

    assertThat(result).isInstanceOfAny(LimitReached.class, Trapped.class);
  }

  @Test
  void recursion_endsAtTheStack_whateverItWasDoing() {
    limit(IsolateLimit.STACK_BYTES, 256 << 10);
    int step = IS_SLOW ? 1 : 5;
    int offsets = IS_SLOW ? 40 : 6;
    for (int locals = 0; locals < 32; locals += step) {
      PluginHandle recursion = upload(AttackModules.recursion(locals));
      for (int offset = 0; offset < offsets; offset++) {
        assertThat(call(recursion, "recurse", offset))
            .as("%d locals after %d frames", locals, offset)
            .satisfies(result -> assertLimit(result, "stackBytes"));
      }
    }
  }

  @Test
  void giantLengths_areRefusedByTheHost() {
    PluginHandle giant = upload(AttackModules.giantLengths());

    for (int argument : List.of(0, 1, -1, 65_535, Integer.MIN_VALUE)) {
      for (String export :
          List.of(
              "random",
              "fd_write",
              "fd_read",
              "poll_oneoff",
              "fd_write-vector",
              "fd_read-vector",
              "poll_oneoff-vector")) {
        assertThat(call(giant, export, argument))
            .as("%s(%d)", export, argument)
            .isInstanceOfAny(Returned.class, Trapped.class);
      }
    }
  }

  @Test
  void thousandsOfCalls_areAnsweredOrRefused() {
    PluginHandle add = upload(AttackModules.add());
    List<Future<InvocationOutcome>> calls = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      calls.add(attacker.invoke(invocation(add, "add", 1, i)));
    }

    for (Future<InvocationOutcome> call : calls) {
      try (InvocationOutcome outcome = get(call)) {
        assertThat(outcome.result())
            .isInstanceOfAny(Returned.class, RateLimited.class, Overloaded.class);
      }
    }
  }

  @Test
  void waitsAtSharedMemories_endAtTheDeadline() {
    limit(IsolateLimit.DEADLINE_MILLIS, SHORT_MILLIS);
    PluginHandle waiting = upload(AttackModules.waiting());
    List<Future<InvocationOutcome>> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(attacker.invoke(invocation(waiting, "run")));
    }

    for (Future<InvocationOutcome> call : calls) {
      try (InvocationOutcome outcome = get(call)) {
        assertThat(outcome.result()).isInstanceOf(Deadline.class);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 100_000})
  void uploadsThatAreDearToCompile_areDoneOrRefusedByName(int size) {
    limit(IsolateLimit.COMPILE_MILLIS, 2_000);
    List<byte[]> modules =
        List.of(
            AttackModules.deepNesting(size),
            AttackModules.hugeSwitch(size / 2),
            AttackModules.manyLocals(size / 1_000, 49_000),
            AttackModules.manyTypes(size, 300));
    for (byte[] module : modules) {
      try {
        PluginHandle plugin = upload(module);
        assertThat(call(plugin, "run", arguments(plugin)))
            .isInstanceOfAny(Returned.class, LimitReached.class, Deadline.class);
      } catch (LimitExceededException e) {
        assertThat(e.limit()).isNotEmpty();
        assertThat(e.used()).isGreaterThan(e.allowed());
      }
    }
  }

  private static Object[] arguments(PluginHandle plugin) {
    int parameters =
        plugin.module().exports().stream()
            .filter(export -> export.name().equals("run"))
            .mapToInt(export -> plugin.module().signature(export.index()).params().size())
            .sum();
    Object[] arguments = new Object[parameters];
    Arrays.fill(arguments, 0);
    return arguments;
  }

  private static void assertLimit(InvocationResult result, String limit) {
    assertThat(result)
        .isInstanceOfSatisfying(
            LimitReached.class, reached -> assertThat(reached.limit()).isEqualTo(limit));
  }

  private static IsolateLimits limits() {
    return IsolateLimits.defaults()
        .with(IsolateLimit.MEMORY_BYTES, 256 << 20)
        .with(IsolateLimit.MEMORY_PER_INSTANCE_BYTES, 64 << 20)
        .with(IsolateLimit.TABLE_ELEMENTS, 1_000_000)
        .with(IsolateLimit.GC_HEAP_BYTES, 16 << 20)
        .with(IsolateLimit.DEADLINE_MILLIS, 60_000)
        .with(IsolateLimit.CPU_MILLIS_PER_CALL, 60_000)
        .with(IsolateLimit.CPU_MILLIS_PER_SECOND, 1_000_000);
  }

  private void limit(IsolateLimit limit, long value) {
    attacker.updateLimits(attacker.limits().with(limit, value));
  }

  private PluginHandle upload(byte[] module) {
    return upload(attacker, module);
  }

  private static PluginHandle upload(Isolate isolate, byte[] module) {
    ModuleUpload upload = isolate.startUpload("plugin");
    upload.push(module, 0, module.length);
    return upload.finish();
  }

  private InvocationResult call(PluginHandle plugin, String export, Object... arguments) {
    try (InvocationOutcome outcome = get(attacker.invoke(invocation(plugin, export, arguments)))) {
      return outcome.result();
    }
  }

  private static CallExport invocation(PluginHandle plugin, String export, Object... arguments) {
    return CallExport.of(
        plugin, export, List.of(arguments), /* requestBytes= */ 10, OutputSink.DISCARD);
  }

  private static <T extends @Nullable Object> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /// A tenant that adds numbers, one call after the other.
  private final class Neighbour {
    private final Isolate isolate =
        get(manager.create(new IsolateId("neighbour"), IsolateLimits.defaults()));
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicBoolean isStopped = new AtomicBoolean();
    private final List<InvocationResult> faults = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "neighbour");

    void start() {
      thread.start();
    }

    /// Lets it have an answer at least, then ends it.
    void stop() {
      try {
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> answers.get() > 0 || !thread.isAlive());
        isStopped.set(true);
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private void run() {
      PluginHandle add = upload(isolate, AttackModules.add());
      for (int i = 0; !isStopped.get(); i++) {
        try (InvocationOutcome outcome = get(isolate.invoke(invocation(add, "add", i, 1)))) {
          if (outcome.result() instanceof Returned returned
              && returned.values().equals(List.of(new WasmValue.I32(i + 1)))) {
            answers.incrementAndGet();
          } else {
            faults.add(outcome.result());
          }
          Thread.sleep(1);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }
}
