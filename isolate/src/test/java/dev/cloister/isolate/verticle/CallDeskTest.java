package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.debug.PausedGuest;
import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.fake.Captured;
import dev.cloister.isolate.fake.FakeTimer;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.KeyValueStore;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.plugin.CodeBudget;
import dev.cloister.isolate.plugin.LoadedModules;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.BadArguments;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.CapabilityDenied;
import dev.cloister.isolate.verticle.InvocationResult.Deadline;
import dev.cloister.isolate.verticle.InvocationResult.Exited;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.LinkFailed;
import dev.cloister.isolate.verticle.InvocationResult.Overloaded;
import dev.cloister.isolate.verticle.InvocationResult.RateLimited;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.verticle.InvocationResult.Trapped;
import dev.cloister.isolate.verticle.InvocationResult.UnknownExport;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedAbi;
import dev.cloister.isolate.wasi.OutputSink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Invariant, checked after each test: nothing is charged for a call that has ended.
@Timeout(120)
final class CallDeskTest {
  private static Guests guests = new Guests();

  private final HeapLedger ledger = new HeapLedger(64 << 20);
  private final GuestExecutor executor = new GuestExecutor(2, 8);
  private final FakeTimer timer = new FakeTimer();
  private final FakeTimer cpuTimer = new FakeTimer();
  private final CpuWatch cpuWatch = new CpuWatch(cpuTimer, System::nanoTime);
  private final CallDesk desk =
      new CallDesk(ledger, executor, timer, cpuWatch, WasiHost.system(), System::nanoTime);
  private final LoadedModules modules = new LoadedModules();
  private final EngineIsolate isolate = guests.engine().addIsolate("tenant");

  @BeforeAll
  static void start() {
    guests = new Guests();
  }

  @AfterAll
  static void stop() {
    guests.close();
  }

  @AfterEach
  void everythingIsReturned() throws Exception {
    desk.close().get(60, TimeUnit.SECONDS);
    modules.close();
    isolate.close();
    executor.close();
    assertThat(ledger.snapshot().bytes().values()).containsOnly(0L);
    assertThat(desk.usage().inFlight()).isZero();
  }

  @Test
  void export_returnsItsResults() {
    PluginHandle plugin = load(Modules.plain());

    try (InvocationOutcome outcome = await(call(plugin, "add", 2, 3))) {
      assertThat(outcome.result()).isEqualTo(new Returned(List.of(new WasmValue.I32(5))));
      assertThat(outcome.instance().label()).isEqualTo("fresh");
      assertThat(outcome.timings().instantiateNanos()).isPositive();
      assertThat(outcome.timings().serverTiming())
          .matches("queue;dur=[0-9.]+, inst;dur=[0-9.]+, exec;dur=[0-9.]+, cpu;dur=[0-9.]+");
    }
    assertThat(resultOf(call(plugin, "constant")))
        .isEqualTo(new Returned(List.of(new WasmValue.I64(-5))));
    assertThat(desk.usage().ended()).containsEntry("ok", 2L);
    assertThat(timer.delaysMillis()).isEmpty();
  }

  @Test
  void callsThatDoNotFit_sayWhy() {
    PluginHandle plugin = load(Modules.plain());

    assertThat(resultOf(call(plugin, "add", 2)))
        .isInstanceOfSatisfying(BadArguments.class, bad -> assertThat(bad.index()).isEqualTo(-1));
    assertThat(resultOf(call(plugin, "add", 2, "x")))
        .isInstanceOfSatisfying(BadArguments.class, bad -> assertThat(bad.index()).isEqualTo(1));
    assertThat(resultOf(call(plugin, "subtract")))
        .isInstanceOfSatisfying(
            UnknownExport.class, unknown -> assertThat(unknown.exports()).contains("add", "spin"));
  }

  @Test
  void trap_isReportedWithItsStack() {
    assertThat(resultOf(call(load(Modules.plain()), "trap")))
        .isInstanceOfSatisfying(
            Trapped.class,
            trapped -> {
              assertThat(trapped.trap()).isEqualTo("unreachable");
              assertThat(trapped.wasmStack()).isNotEmpty();
              assertThat(trapped.wasmStack().getFirst().functionIndex()).isEqualTo(2);
            });
  }

  @Test
  void endlessRecursion_reachesTheStackLimit() {
    assertThat(resultOf(call(load(Modules.plain()), "recurse")))
        .isInstanceOfSatisfying(
            LimitReached.class, limit -> assertThat(limit.limit()).isEqualTo("stackBytes"));
  }

  @Test
  void memory_isLimitedPerInstance() {
    PluginHandle plugin = load(Modules.plain());

    assertThat(resultOf(call(plugin, "grow", 15)))
        .isEqualTo(new Returned(List.of(new WasmValue.I32(1))));
    assertThat(resultOf(call(plugin, "grow", 16)))
        .isInstanceOfSatisfying(
            LimitReached.class,
            limit -> {
              assertThat(limit.limit()).isEqualTo("memoryPerInstanceBytes");
              assertThat(limit.allowed()).isEqualTo(1 << 20);
              assertThat(limit.used()).isEqualTo((1 << 20) + (1 << 16));
              assertThat(limit.trap()).isNotNull();
            });
    assertThat(resultOf(call(load(Modules.withMemory(17)), "add")))
        .isInstanceOfSatisfying(
            LimitReached.class,
            limit -> assertThat(limit.limit()).isEqualTo("memoryPerInstanceBytes"));
  }

  @Test
  void memory_isLimitedPerTenant() {
    PluginHandle plugin = load(Modules.plain());
    long free = ledger.capBytes() - ledger.chargedBytes();
    assertThat(ledger.charge(HeapCategory.FILE, free - 200_000)).isTrue();

    assertThat(resultOf(call(plugin, "grow", 10)))
        .isInstanceOfSatisfying(
            LimitReached.class, limit -> assertThat(limit.limit()).isEqualTo("memoryBytes"));
    ledger.release(HeapCategory.FILE, free - 200_000);
  }

  @Test
  void objects_areLimitedPerInstance() {
    PluginHandle plugin = load(Modules.arrays());

    assertThat(resultOf(call(plugin, "make", 900_000)))
        .isEqualTo(new Returned(List.of(new WasmValue.I32(900_000))));
    assertThat(resultOf(call(plugin, "make", 1 << 20)))
        .isInstanceOfSatisfying(
            LimitReached.class,
            limit -> {
              assertThat(limit.limit()).isEqualTo("gcHeapBytes");
              assertThat(limit.allowed()).isEqualTo(1 << 20);
              assertThat(limit.used()).isGreaterThan(1 << 20);
            });
  }

  @Test
  void spinningGuest_endsAtItsDeadline() {
    CompletableFuture<InvocationOutcome> spinning = call(load(Modules.plain()), "spin");
    awaitRunning(1);
    assertThat(timer.delaysMillis()).containsExactly(TestLimits.LIMITS.deadlineMillis());

    timer.fire();

    assertThat(resultOf(spinning)).isEqualTo(new Deadline(TestLimits.LIMITS.deadlineMillis()));
  }

  /// Other guests get the place of one that pauses for a debugger; its own time does not pass.
  @Test
  void deadlineOfAPausedGuest_standsStill() throws Exception {
    PluginHandle plugin = load(Modules.plain());
    Debugger debugger = isolate.debugger();
    debugger.enter();
    BlockingQueue<PausedGuest> pauses = new LinkedBlockingQueue<>();
    debugger.addListener(pauses::add);
    debugger.requestPause();
    CompletableFuture<InvocationOutcome> call = call(plugin, "add", 2, 3);
    PausedGuest guest = Objects.requireNonNull(pauses.poll(60, TimeUnit.SECONDS));
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> timer.delaysMillis().isEmpty() && executor.runningCount() == 0);
    timer.fire();
    assertThat(guest.isPaused()).isTrue();

    guest.resume();
    assertThat(resultOf(call)).isEqualTo(new Returned(List.of(new WasmValue.I32(5))));
    assertThat(timer.delaysMillis()).isEmpty();
  }

  /// The tenant is removed while its guest pauses: the call ends, nothing waits.
  @Test
  void pausedGuest_endsWithTheTenant() throws Exception {
    PluginHandle plugin = load(Modules.plain());
    Debugger debugger = isolate.debugger();
    debugger.enter();
    BlockingQueue<PausedGuest> pauses = new LinkedBlockingQueue<>();
    debugger.addListener(pauses::add);
    debugger.requestPause();
    CompletableFuture<InvocationOutcome> call = call(plugin, "add", 2, 3);
    Objects.requireNonNull(pauses.poll(60, TimeUnit.SECONDS));

    desk.close().get(60, TimeUnit.SECONDS);
    assertThat(resultOf(call)).isEqualTo(new Cancelled(StopReason.DISPOSED));
  }

  @Test
  void spinningGuest_endsWhenItHasUsedItsCpuTime() {
    CompletableFuture<InvocationOutcome> spinning =
        call(load(Modules.plain()), TestLimits.withCpu(20, 1_000_000), "spin");

    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> {
          cpuTimer.fire();
          return spinning.isDone();
        });

    assertThat(resultOf(spinning))
        .isInstanceOfSatisfying(
            LimitReached.class,
            limit -> {
              assertThat(limit.limit()).isEqualTo("cpuMillisPerCall");
              assertThat(limit.used()).isGreaterThan(20);
              assertThat(limit.allowed()).isEqualTo(20);
            });
    assertThat(desk.usage().cpuNanos()).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(20));
  }

  /// `local.get`, `local.get` and `i32.add` are three units.
  @Test
  void fuel_isCountedExactly() {
    PluginHandle plugin = load(Modules.plain());

    assertThat(resultOf(call(plugin, TestLimits.withFuel(3), "add", 2, 3)))
        .isEqualTo(new Returned(List.of(new WasmValue.I32(5))));
    assertThat(resultOf(call(plugin, TestLimits.withFuel(2), "add", 2, 3)))
        .isInstanceOfSatisfying(
            LimitReached.class,
            limit -> {
              assertThat(limit.limit()).isEqualTo("fuelPerCall");
              assertThat(limit.allowed()).isEqualTo(2);
            });
    assertThat(resultOf(call(plugin, TestLimits.withFuel(1_000_000), "spin")))
        .isInstanceOfSatisfying(
            LimitReached.class, limit -> assertThat(limit.limit()).isEqualTo("fuelPerCall"));
    assertThat(resultOf(call(plugin, "add", 2, 3)))
        .isEqualTo(new Returned(List.of(new WasmValue.I32(5))));
  }

  @Test
  void tenantThatUsedItsCpuTime_waits() {
    PluginHandle plugin = load(Modules.plain());
    CallLimits limits = TestLimits.withCpu(20, 1);
    CompletableFuture<InvocationOutcome> spinning = call(plugin, limits, "spin");
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> {
          cpuTimer.fire();
          return spinning.isDone();
        });

    // At 1 ms per second, 20 ms are 20 seconds, of which one was there from the start.
    assertThat(resultOf(call(plugin, limits, "constant")))
        .isInstanceOfSatisfying(
            RateLimited.class,
            limited -> {
              assertThat(limited.limit()).isEqualTo("cpuMillisPerSecond");
              assertThat(limited.retryAfterMillis()).isPositive();
            });
    assertThat(desk.usage().inFlight()).isZero();
  }

  @Test
  void spinningStartFunction_endsAtItsDeadline() {
    CompletableFuture<InvocationOutcome> spinning = call(load(Modules.spinningStart()), "add");
    awaitRunning(1);

    timer.fire();

    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
  }

  /// Nobody else on the module notices its stops from then on, and it works as before.
  @Test
  void guestsThatAreStoppedAgainAndAgain_comeIntoQuarantine() {
    PluginHandle plugin = load(Modules.plain());
    EngineIsolate other = guests.engine().addIsolate("other");
    ModuleHandle shared = guests.engine().compile(other, Modules.plain());
    long before = guests.engine().statistics().stops().polledInstances();
    while (!plugin.engineHandle().isQuarantined()) {
      CompletableFuture<InvocationOutcome> spinning = call(plugin, "spin");
      awaitRunning(1);
      timer.fire();
      assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    }

    assertThat(shared.isQuarantined()).isFalse();
    assertThat(guests.engine().statistics().stops().polledInstances()).isEqualTo(before);
    CompletableFuture<InvocationOutcome> spinning = call(plugin, "spin");
    awaitRunning(1);
    timer.fire();
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(resultOf(call(plugin, "add", 2, 3)))
        .isEqualTo(new Returned(List.of(new WasmValue.I32(5))));
    assertThat(guests.engine().statistics().stops().polledInstances()).isGreaterThan(before);
    other.close();
  }

  @Test
  void sleepingGuest_endsAtItsDeadlineAndLendsItsPlace() {
    PluginHandle sleeper = load(Modules.sleep(3600L * 1_000_000_000));
    List<CompletableFuture<InvocationOutcome>> sleeping = new ArrayList<>();
    sleeping.add(run(sleeper, ""));
    Awaitility.await().until(() -> executor.threadCount() == 1 && executor.runningCount() == 0);
    assertThat(resultOf(call(load(Modules.plain()), "add", 1, 1))).isInstanceOf(Returned.class);

    timer.fire();

    for (CompletableFuture<InvocationOutcome> call : sleeping) {
      assertThat(resultOf(call)).isInstanceOf(Deadline.class);
    }
  }

  @Test
  void waitingCall_endsAtItsDeadline() {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> spinning = call(plugin, "spin");
    awaitRunning(1);
    CompletableFuture<InvocationOutcome> waiting = call(plugin, "add", 1, 1);
    assertThat(desk.usage().waiting()).isEqualTo(1);

    timer.fire();

    assertThat(resultOf(waiting)).isInstanceOf(Deadline.class);
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(resultOf(call(plugin, "add", 1, 1))).isInstanceOf(Returned.class);
  }

  @Test
  void realTimer_endsASpinningGuest() {
    DeadlineTimer system = DeadlineTimer.system();
    CallDesk timed =
        new CallDesk(ledger, executor, system, cpuWatch, WasiHost.system(), System::nanoTime);
    PluginHandle plugin = load(Modules.plain());

    CompletableFuture<InvocationOutcome> spinning =
        timed.invoke(
            CallExport.of(plugin, "spin", List.of(), 0, OutputSink.DISCARD),
            TestLimits.withDeadline(50));

    assertThat(resultOf(spinning)).isEqualTo(new Deadline(50));
    system.close();
  }

  @Test
  void callsInFlight_areLimited() {
    PluginHandle plugin = load(Modules.plain());
    CallLimits limits = TestLimits.withAdmission(2, 10, 1000);
    CompletableFuture<InvocationOutcome> spinning = call(plugin, limits, "spin");
    CompletableFuture<InvocationOutcome> waiting = call(plugin, limits, "spin");

    assertThat(resultOf(call(plugin, limits, "add", 1, 1)))
        .isInstanceOfSatisfying(
            RateLimited.class,
            refused -> {
              assertThat(refused.limit()).isEqualTo("concurrency");
              assertThat(refused.retryAfterMillis()).isPositive();
            });
    Awaitility.await().until(() -> executor.runningCount() == 1);
    timer.fire();
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(resultOf(waiting)).isInstanceOf(Deadline.class);
    assertThat(resultOf(call(plugin, limits, "add", 1, 1))).isInstanceOf(Returned.class);
  }

  @Test
  void waitingCalls_areLimited() {
    PluginHandle plugin = load(Modules.plain());
    CallLimits limits = TestLimits.withAdmission(10, 1, 1000);
    CompletableFuture<InvocationOutcome> spinning = call(plugin, limits, "spin");
    awaitRunning(1);
    CompletableFuture<InvocationOutcome> waiting = call(plugin, limits, "spin");

    assertThat(resultOf(call(plugin, limits, "add", 1, 1)))
        .isEqualTo(new Overloaded("queueLength"));
    assertThat(desk.usage().inFlight()).isEqualTo(2);
    timer.fire();
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(resultOf(waiting)).isInstanceOf(Deadline.class);
  }

  @Test
  void callsPerSecond_areLimited() {
    PluginHandle plugin = load(Modules.plain());
    CallDesk frozen =
        new CallDesk(
            ledger, executor, timer, new CpuWatch(cpuTimer, () -> 0), WasiHost.system(), () -> 0);
    CallLimits limits = TestLimits.withAdmission(10, 10, 2);

    for (int i = 0; i < 2; i++) {
      assertThat(resultOf(frozen.invoke(invocation(plugin, "add", 1, 1), limits)))
          .isInstanceOf(Returned.class);
    }
    assertThat(resultOf(frozen.invoke(invocation(plugin, "add", 1, 1), limits)))
        .isEqualTo(new RateLimited("requestsPerSecond", 501));
    assertThat(frozen.usage().ended()).containsEntry("rate-limited", 1L);
  }

  @Test
  void command_copiesItsStreamsAndExits() {
    Captured log = new Captured();
    PluginHandle cat = load(Modules.cat());
    byte[] input = "hello".repeat(1000).getBytes(StandardCharsets.UTF_8);

    InvocationOutcome outcome =
        await(desk.invoke(RunCommand.of(cat, "cat", List.of(), input, log), TestLimits.LIMITS));

    assertThat(outcome.result())
        .isInstanceOfSatisfying(
            Exited.class,
            exited -> {
              assertThat(exited.code()).isEqualTo(3);
              assertThat(exited.output()).isEqualTo(input);
            });
    assertThat(log.text()).isEqualTo("done");
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.BUFFER, 5000L);
    outcome.close();
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.BUFFER, 0L);
  }

  @Test
  void output_isLimited() {
    assertThat(resultOf(run(load(Modules.flood()), "")))
        .isEqualTo(new LimitReached("responseBytes", 3 * 4096, 10_000, null));
  }

  @Test
  void request_isLimitedAndCharged() {
    PluginHandle cat = load(Modules.cat());

    assertThat(resultOf(run(cat, "x".repeat(10_001))))
        .isEqualTo(new LimitReached("requestBytes", 10_001, 10_000, null));
    ledger.changeCap(ledger.chargedBytes() + 99);
    assertThat(resultOf(run(cat, "x".repeat(100))))
        .isInstanceOfSatisfying(
            LimitReached.class, limit -> assertThat(limit.limit()).isEqualTo("memoryBytes"));
  }

  @Test
  void conventions_areChecked() {
    PluginHandle plain = load(Modules.plain());
    PluginHandle extism = load(Modules.extism());

    assertThat(resultOf(run(plain, ""))).isEqualTo(new UnsupportedAbi(Abi.PLAIN));
    assertThat(resultOf(call(extism, "count"))).isEqualTo(new UnsupportedAbi(Abi.EXTISM));
    assertThat(resultOf(call(load(Modules.unlinkable()), "add")))
        .isEqualTo(new LinkFailed("unknown import env.missing"));
  }

  @Test
  void pluginWithoutItsGrant_isRefusedWithWhatIsMissing() {
    PluginHandle plugin = load(Modules.keyValues());

    assertThat(resultOf(call(plugin, "count")))
        .isEqualTo(
            new CapabilityDenied(
                new TreeMap<>(Map.of(Capability.KV, List.of("cloister.kv_list")))));
    HostServices granted =
        HostServices.builder(Grants.of(Capability.KV)).keyValues(KeyValueStore.NONE).build();
    CallExport call =
        new CallExport(
            plugin, "count", List.of(), 0, OutputSink.DISCARD, granted, InstanceRequest.FRESH);
    assertThat(resultOf(desk.invoke(call, TestLimits.LIMITS)))
        .isEqualTo(new Returned(List.of(new WasmValue.I32(0))));
  }

  @Test
  void suspendedTenant_refusesNewCallsOnly() {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> spinning = call(plugin, "spin");
    awaitRunning(1);

    desk.suspend(true);
    assertThat(resultOf(call(plugin, "add", 1, 1))).isEqualTo(new Cancelled(StopReason.CANCELLED));
    assertThat(spinning).isNotDone();
    desk.suspend(false);
    timer.fire();
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
  }

  @Test
  void close_stopsRunningAndWaitingCalls() throws Exception {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> spinning = call(plugin, "spin");
    awaitRunning(1);
    CompletableFuture<InvocationOutcome> waiting = call(plugin, "spin");

    desk.close().get(60, TimeUnit.SECONDS);

    assertThat(resultOf(spinning)).isEqualTo(new Cancelled(StopReason.DISPOSED));
    assertThat(resultOf(waiting)).isEqualTo(new Cancelled(StopReason.DISPOSED));
    assertThat(resultOf(call(plugin, "add", 1, 1))).isEqualTo(new Cancelled(StopReason.DISPOSED));
  }

  @Test
  void unloadedModule_servesCallsInFlightAndNoOthers() {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> spinning = call(plugin, "spin");
    awaitRunning(1);

    assertThat(modules.remove(plugin.hash())).isTrue();

    assertThat(ledger.snapshot().bytes().get(HeapCategory.CODE_SHARE)).isPositive();
    assertThat(resultOf(call(plugin, "add", 1, 1))).isEqualTo(new Cancelled(StopReason.CANCELLED));
    timer.fire();
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.CODE_SHARE, 0L);
  }

  @Test
  void concurrentCallsAndStops_endOnceEachAndLeaveNothing() throws Exception {
    PluginHandle plugin = load(Modules.plain());
    CallLimits limits = TestLimits.withAdmission(50, 20, 1_000_000);
    List<CompletableFuture<InvocationOutcome>> calls = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      calls.add(call(plugin, limits, i % 50 == 7 ? "spin" : "add", i % 50 == 7 ? NONE : ADD));
      if (i % 50 == 49) {
        timer.fire();
      }
    }
    timer.fire();

    for (CompletableFuture<InvocationOutcome> call : calls) {
      assertThat(resultOf(call))
          .isInstanceOfAny(Returned.class, Deadline.class, Overloaded.class, RateLimited.class);
    }
    assertThat(desk.usage().ended().values().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(300);
  }

  private static final Object[] NONE = {};
  private static final Object[] ADD = {1, 1};

  private CompletableFuture<InvocationOutcome> call(
      PluginHandle plugin, String export, @Nullable Object... arguments) {
    return call(plugin, TestLimits.LIMITS, export, arguments);
  }

  private CompletableFuture<InvocationOutcome> call(
      PluginHandle plugin, CallLimits limits, String export, @Nullable Object... arguments) {
    return desk.invoke(invocation(plugin, export, arguments), limits);
  }

  private CompletableFuture<InvocationOutcome> run(PluginHandle plugin, String input) {
    byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
    return desk.invoke(
        RunCommand.of(plugin, "program", List.of(), bytes, OutputSink.DISCARD), TestLimits.LIMITS);
  }

  private static CallExport invocation(
      PluginHandle plugin, String export, @Nullable Object... arguments) {
    return CallExport.of(plugin, export, Arrays.asList(arguments), 10, OutputSink.DISCARD);
  }

  private PluginHandle load(byte[] wireBytes) {
    ModuleUpload upload =
        new ModuleUpload(
            guests.engine().startStreaming(isolate),
            modules,
            ledger,
            new CodeBudget(ledger, Long.MAX_VALUE),
            wireBytes.length);
    upload.push(wireBytes, 0, wireBytes.length);
    return upload.finish();
  }

  private void awaitRunning(int count) {
    Awaitility.await().until(() -> executor.runningCount() == count);
  }

  private static InvocationOutcome await(CompletableFuture<InvocationOutcome> call) {
    try {
      return call.get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static InvocationResult resultOf(CompletableFuture<InvocationOutcome> call) {
    try (InvocationOutcome outcome = await(call)) {
      return outcome.result();
    }
  }
}
