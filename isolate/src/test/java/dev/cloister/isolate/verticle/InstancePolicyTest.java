package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.fake.FakeTimer;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.InstanceSettings;
import dev.cloister.isolate.plugin.CodeBudget;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.LoadedModules;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.CrashLoop;
import dev.cloister.isolate.verticle.InvocationResult.Deadline;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.Overloaded;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.verticle.InvocationResult.Trapped;
import dev.cloister.isolate.wasi.OutputSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Invariant, checked after each test: nothing is charged once the desk is closed.
@Timeout(120)
final class InstancePolicyTest {
  private static final Guests GUESTS = new Guests();
  private static final InstanceSettings POOLED = InstanceSettings.of(InstancePolicy.POOLED);
  private static final InstanceSettings STATEFUL = InstanceSettings.of(InstancePolicy.STATEFUL);
  private static final long PAGE = 65_536;

  private final HeapLedger ledger = new HeapLedger(64 << 20);
  private final GuestExecutor executor = new GuestExecutor(4, 16);
  private final FakeTimer timer = new FakeTimer();
  private final FakeTimer cpuTimer = new FakeTimer();
  private final AtomicLong nanoTime = new AtomicLong(1);
  private final CpuWatch cpuWatch = new CpuWatch(cpuTimer, System::nanoTime);
  private final CallDesk desk =
      new CallDesk(ledger, executor, timer, cpuWatch, WasiHost.system(), nanoTime::get);
  private final LoadedModules modules = new LoadedModules();
  private final EngineIsolate isolate = GUESTS.engine().addIsolate("tenant");

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @AfterEach
  void everythingIsReturned() throws Exception {
    desk.close().get(60, TimeUnit.SECONDS);
    modules.close();
    isolate.close();
    executor.close();
    assertThat(ledger.snapshot().bytes().values()).containsOnly(0L);
    assertThat(desk.kept().pooledCount()).isZero();
    assertThat(desk.kept().statefulCount()).isZero();
  }

  @Test
  void pooledInstances_serveSeveralCalls_atMostAsOftenAsTheyMay() {
    PluginHandle plugin = load(Modules.counter());
    InstanceRequest thrice = pooled(3, 4, 60_000);

    for (int expected : new int[] {1, 2, 3, 1, 2}) {
      try (InvocationOutcome outcome = await(count(plugin, thrice))) {
        assertThat(outcome.result()).isEqualTo(counted(expected));
        assertThat(outcome.instance()).isEqualTo(InstancePolicy.POOLED);
      }
    }
    assertThat(desk.kept().pooledCount()).isEqualTo(1);
    assertThat(linearMemory()).isEqualTo(PAGE);
  }

  @Test
  void pooledInstances_areOfOnePluginEach() {
    PluginHandle plugin = load(Modules.counter());

    assertThat(resultOf(count(plugin, InstanceRequest.of("a", POOLED)))).isEqualTo(counted(1));
    assertThat(resultOf(count(plugin, InstanceRequest.of("b", POOLED)))).isEqualTo(counted(1));
    assertThat(resultOf(count(plugin, InstanceRequest.of("a", POOLED)))).isEqualTo(counted(2));

    desk.dropInstances("a");
    assertThat(desk.kept().pooledCount()).isEqualTo(1);
    assertThat(resultOf(count(plugin, InstanceRequest.of("a", POOLED)))).isEqualTo(counted(1));
  }

  @Test
  void idlePooledInstances_areDroppedWhenTheirTimeIsOver() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, pooled(10, 4, 500)));
    Awaitility.await().until(() -> timer.delaysMillis().equals(List.of(501L)));

    nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(499));
    timer.fire();
    Awaitility.await().until(() -> timer.delaysMillis().equals(List.of(2L)));
    assertThat(desk.kept().pooledCount()).isEqualTo(1);
    nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(2));
    timer.fire();

    Awaitility.await().until(() -> desk.kept().pooledCount() == 0 && linearMemory() == 0);
    assertThat(timer.delaysMillis()).isEmpty();
  }

  @Test
  void idlePooledInstances_makeRoomForOthers() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, InstanceRequest.of("a", POOLED)));
    resultOf(count(plugin, InstanceRequest.of("b", POOLED)));
    long charged = ledger.chargedBytes();
    assertThat(linearMemory()).isEqualTo(2 * PAGE);

    ledger.changeCap(charged + PAGE / 2);
    assertThat(resultOf(count(plugin, InstanceRequest.of("c", POOLED)))).isEqualTo(counted(1));

    assertThat(linearMemory()).isEqualTo(2 * PAGE);
    assertThat(resultOf(count(plugin, InstanceRequest.of("b", POOLED)))).isEqualTo(counted(2));
    assertThat(resultOf(count(plugin, InstanceRequest.of("a", POOLED)))).isEqualTo(counted(1));
  }

  @Test
  void noMoreIdleInstances_areKeptThanAllowed() throws Exception {
    PluginHandle plugin = load(Modules.plain());
    InstanceRequest one = pooled(10, 1, 60_000);
    List<CompletableFuture<InvocationOutcome>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(call(plugin, one, "add", 1, 1));
    }
    for (CompletableFuture<InvocationOutcome> call : calls) {
      assertThat(resultOf(call)).isEqualTo(counted(2));
    }

    assertThat(desk.kept().pooledCount()).isEqualTo(1);
  }

  @Test
  void unloadedModules_keepNoPooledInstances() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, InstanceRequest.of("a", POOLED)));

    modules.remove(plugin.hash());
    desk.kept().unloaded(plugin.hash());

    assertThat(desk.kept().pooledCount()).isZero();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void statefulInstances_keepTheirState_eachOfItsKey() {
    PluginHandle plugin = load(Modules.counter());

    for (int i = 1; i <= 3; i++) {
      try (InvocationOutcome outcome = await(count(plugin, stateful("")))) {
        assertThat(outcome.result()).isEqualTo(counted(i));
        assertThat(outcome.instance()).isEqualTo(InstancePolicy.STATEFUL);
      }
      assertThat(resultOf(count(plugin, stateful("other")))).isEqualTo(counted(i));
    }
    assertThat(desk.kept().stateful("plugin"))
        .extracting(info -> info.key().key(), info -> info.calls(), info -> info.isBusy())
        .containsExactly(tuple("", 3L, false), tuple("other", 3L, false));
  }

  @Test
  void callsOfOneStatefulInstance_runInTheirOrder() {
    PluginHandle plugin = load(Modules.counter());
    List<CompletableFuture<InvocationOutcome>> calls = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      calls.add(count(plugin, stateful("")));
    }

    for (int i = 0; i < 10; i++) {
      assertThat(resultOf(calls.get(i))).isEqualTo(counted(i + 1));
    }
  }

  @Test
  void callThatWaitsForAnInstance_canBeStopped_andTheOthersGoOn() {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> spinning = call(plugin, stateful(""), "spin");
    Awaitility.await().until(() -> executor.runningCount() == 1);
    CompletableFuture<InvocationOutcome> first = call(plugin, stateful(""), "add", 1, 1);
    CompletableFuture<InvocationOutcome> elsewhere = call(plugin, stateful("b"), "add", 1, 1);

    assertThat(resultOf(elsewhere)).isEqualTo(counted(2));
    assertThat(desk.usage().waiting()).isEqualTo(1);
    timer.fire();

    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(resultOf(first)).isInstanceOf(Deadline.class);
    assertThat(resultOf(call(plugin, stateful(""), "add", 1, 2))).isEqualTo(counted(3));
  }

  @Test
  void callsThatWaitForAnInstance_countAsWaiting() {
    PluginHandle plugin = load(Modules.plain());
    CallLimits limits = TestLimits.withAdmission(10, 1, 1000);
    CompletableFuture<InvocationOutcome> spinning =
        desk.invoke(invocation(plugin, stateful(""), "spin"), limits);
    Awaitility.await().until(() -> executor.runningCount() == 1);
    CompletableFuture<InvocationOutcome> waiting =
        desk.invoke(invocation(plugin, stateful(""), "add", 1, 1), limits);

    assertThat(resultOf(desk.invoke(invocation(plugin, stateful(""), "add", 1, 1), limits)))
        .isEqualTo(new Overloaded("queueLength"));
    timer.fire();
    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    assertThat(resultOf(waiting)).isInstanceOf(Deadline.class);
  }

  @Test
  void close_endsCallsThatWaitForAnInstance() throws Exception {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> spinning = call(plugin, stateful(""), "spin");
    Awaitility.await().until(() -> executor.runningCount() == 1);
    CompletableFuture<InvocationOutcome> waiting = call(plugin, stateful(""), "add", 1, 1);

    desk.close().get(60, TimeUnit.SECONDS);

    assertThat(resultOf(spinning)).isEqualTo(new Cancelled(StopReason.DISPOSED));
    assertThat(resultOf(waiting)).isEqualTo(new Cancelled(StopReason.DISPOSED));
  }

  @Test
  void trap_discardsTheInstance() {
    PluginHandle plugin = load(Modules.counter());
    for (InstanceSettings settings : List.of(POOLED, STATEFUL)) {
      InstanceRequest request = InstanceRequest.of(settings.policy().label(), settings);
      assertThat(resultOf(count(plugin, request))).isEqualTo(counted(1));
      assertThat(resultOf(count(plugin, request))).isEqualTo(counted(2));

      assertThat(resultOf(call(plugin, request, "trap"))).isInstanceOf(Trapped.class);

      assertThat(resultOf(count(plugin, request))).isEqualTo(counted(1));
    }
  }

  @Test
  void badArguments_leaveTheInstanceAlone() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, stateful("")));

    assertThat(resultOf(call(plugin, stateful(""), "count", 1)))
        .isInstanceOf(InvocationResult.BadArguments.class);
    assertThat(resultOf(call(plugin, stateful(""), "missing")))
        .isInstanceOf(InvocationResult.UnknownExport.class);

    assertThat(resultOf(count(plugin, stateful("")))).isEqualTo(counted(2));
  }

  @Test
  void idleStatefulInstances_hibernate_andKeepTheirState() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, stateful("a")));
    resultOf(count(plugin, stateful("b")));

    for (int i = 2; i <= 4; i++) {
      hibernate(2);
      assertThat(linearMemory()).isZero();
      assertThat(bytes(HeapCategory.INSTANCE)).isZero();
      assertThat(bytes(HeapCategory.IMAGE)).isBetween(100L, 2_000L);
      assertThat(resultOf(count(plugin, stateful("a")))).isEqualTo(counted(i));
      assertThat(resultOf(count(plugin, stateful("b")))).isEqualTo(counted(i));
      assertThat(bytes(HeapCategory.IMAGE)).isZero();
      assertThat(linearMemory()).isEqualTo(2 * PAGE);
    }
  }

  @Test
  void hibernatingInstances_needNoModule_andCanBeDropped() {
    byte[] module = Modules.counter();
    PluginHandle plugin = load(module);
    resultOf(count(plugin, stateful("a")));
    resultOf(count(plugin, stateful("b")));
    hibernate(2);

    modules.remove(plugin.hash());
    desk.kept().unloaded(plugin.hash());
    assertThat(bytes(HeapCategory.CODE_SHARE)).isZero();
    assertThat(desk.kept().drop("plugin", "b")).isTrue();
    PluginHandle again = load(module);

    assertThat(resultOf(count(again, stateful("a")))).isEqualTo(counted(2));
    assertThat(resultOf(count(again, stateful("b")))).isEqualTo(counted(1));
  }

  @Test
  void hibernatingInstance_thatCannotBeWoken_staysAsItIs() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, stateful("a")));
    hibernate(1);
    long charged = ledger.chargedBytes();

    ledger.changeCap(charged + PAGE / 2);
    assertThat(resultOf(count(plugin, stateful("a"))))
        .isInstanceOfSatisfying(
            LimitReached.class, limit -> assertThat(limit.limit()).isEqualTo("memoryBytes"));
    assertThat(ledger.chargedBytes()).isEqualTo(charged);
    ledger.changeCap(64 << 20);

    assertThat(resultOf(count(plugin, stateful("a")))).isEqualTo(counted(2));
  }

  @Test
  void instanceThatCannotHibernate_staysAwake_andSaysWhy() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, stateful("a")));
    ledger.changeCap(ledger.chargedBytes());
    nanoTime.addAndGet(TimeUnit.MINUTES.toNanos(1));
    timer.fire();
    Awaitility.await().until(() -> desk.kept().stateful("plugin").getFirst().obstacle() != null);

    assertThat(desk.kept().stateful("plugin").getFirst().obstacle())
        .isEqualTo("the image would have more than 0 bytes");
    assertThat(timer.delaysMillis()).isEmpty();
    assertThat(resultOf(count(plugin, stateful("a")))).isInstanceOf(LimitReached.class);
    ledger.changeCap(64 << 20);
    assertThat(resultOf(count(plugin, stateful("a")))).isEqualTo(counted(2));
    hibernate(1);
    assertThat(resultOf(count(plugin, stateful("a")))).isEqualTo(counted(3));
  }

  @Test
  void fuelThatIsLimitedLater_isCountedInTheStateThatThereIs() {
    PluginHandle plugin = load(Modules.counter());
    resultOf(count(plugin, stateful("")));

    InvocationResult result =
        resultOf(desk.invoke(invocation(plugin, stateful(""), "count"), TestLimits.withFuel(100)));
    assertThat(result).isEqualTo(counted(2));
    assertThat(
            resultOf(
                desk.invoke(invocation(plugin, stateful(""), "count"), TestLimits.withFuel(3))))
        .isInstanceOfSatisfying(
            LimitReached.class, limit -> assertThat(limit.limit()).isEqualTo("fuelPerCall"));
  }

  /// Lets a minute pass, after which `count` instances are to hibernate.
  private void hibernate(int count) {
    nanoTime.addAndGet(TimeUnit.MINUTES.toNanos(1));
    timer.fire();
    Awaitility.await()
        .until(() ->
            desk.kept().stateful("plugin").stream().filter(info -> info.isHibernating()).count()
                == count);
  }

  @Test
  void instances_areLimitedByTenantAndPlugin() {
    PluginHandle plugin = load(Modules.counter());
    InstanceSettings two = new InstanceSettings(InstancePolicy.STATEFUL, 1, 1, 60_000, 2, 5, false);
    assertThat(resultOf(count(plugin, new InstanceRequest("a", two, "1")))).isEqualTo(counted(1));
    assertThat(resultOf(count(plugin, new InstanceRequest("a", two, "2")))).isEqualTo(counted(1));

    assertThat(resultOf(count(plugin, new InstanceRequest("a", two, "3"))))
        .isEqualTo(new LimitReached("maxInstances", 3, 2, null));
    assertThat(resultOf(count(plugin, new InstanceRequest("b", two, "1")))).isEqualTo(counted(1));
    assertThat(resultOf(count(plugin, new InstanceRequest("b", two, "2"))))
        .isEqualTo(new LimitReached("keptInstances", 4, 3, null));

    assertThat(desk.kept().drop("a", "1")).isTrue();
    assertThat(desk.kept().drop("a", "1")).isFalse();
    assertThat(resultOf(count(plugin, new InstanceRequest("a", two, "3")))).isEqualTo(counted(1));
    assertThat(resultOf(count(plugin, new InstanceRequest("a", two, "2")))).isEqualTo(counted(2));
  }

  @Test
  void stateThatIsDroppedDuringACall_isGoneAfterIt() {
    PluginHandle plugin = load(Modules.plain());
    CompletableFuture<InvocationOutcome> growing = call(plugin, stateful(""), "grow", 1);
    assertThat(resultOf(growing)).isEqualTo(counted(1));
    CompletableFuture<InvocationOutcome> spinning = call(plugin, stateful(""), "spin");
    Awaitility.await().until(() -> executor.runningCount() == 1);

    desk.dropInstances("plugin");
    CompletableFuture<InvocationOutcome> next = call(plugin, stateful(""), "add", 1, 1);
    timer.fire();

    assertThat(resultOf(spinning)).isInstanceOf(Deadline.class);
    resultOf(next);
    assertThat(resultOf(call(plugin, stateful(""), "grow", 1))).isEqualTo(counted(1));
  }

  @Test
  void unloadedModule_keepsItsStatefulInstances() {
    byte[] module = Modules.counter();
    PluginHandle plugin = load(module);
    resultOf(count(plugin, stateful("")));

    modules.remove(plugin.hash());
    desk.kept().unloaded(plugin.hash());

    assertThat(resultOf(count(load(module), stateful("")))).isEqualTo(counted(2));
  }

  @Test
  void limits_areThoseOfTheCall() {
    PluginHandle plugin = load(Modules.plain());
    assertThat(resultOf(call(plugin, stateful(""), "grow", 1))).isEqualTo(counted(1));
    CallLimits tight = TestLimits.withMemory(2 * PAGE);

    assertThat(resultOf(desk.invoke(invocation(plugin, stateful(""), "grow", 1), tight)))
        .isInstanceOfSatisfying(
            LimitReached.class,
            limit -> assertThat(limit.limit()).isEqualTo("memoryPerInstanceBytes"));
  }

  @Test
  void fuel_isThatOfTheCall() {
    PluginHandle plugin = load(Modules.counter());
    CallLimits metered = TestLimits.withFuel(100);
    InstanceRequest request = stateful("");

    for (int i = 1; i <= 20; i++) {
      assertThat(resultOf(desk.invoke(invocation(plugin, request, "count"), metered)))
          .isEqualTo(counted(i));
    }
    assertThat(resultOf(count(plugin, request))).isEqualTo(counted(21));
  }

  @Test
  void pluginsThatCrashAgainAndAgain_pauseForLongerAndLonger() {
    PluginHandle plugin = load(Modules.counter());
    for (int i = 0; i < 4; i++) {
      assertThat(resultOf(call(plugin, stateful(""), "trap"))).isInstanceOf(Trapped.class);
    }
    assertThat(resultOf(count(plugin, stateful("")))).isEqualTo(counted(1));
    for (int i = 0; i < 5; i++) {
      assertThat(resultOf(call(plugin, stateful(""), "trap"))).isInstanceOf(Trapped.class);
    }

    for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      assertThat(resultOf(count(plugin, stateful("x"))))
          .isInstanceOfSatisfying(
              CrashLoop.class,
              loop -> {
                assertThat(loop.plugin()).isEqualTo("plugin");
                assertThat(loop.retryAfterMillis()).isEqualTo(1000 * seconds + 1);
              });
      nanoTime.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
      assertThat(resultOf(call(plugin, stateful(""), "trap"))).isInstanceOf(Trapped.class);
    }
    assertThat(resultOf(count(plugin, InstanceRequest.of("other", STATEFUL))))
        .isEqualTo(counted(1));
    nanoTime.addAndGet(TimeUnit.SECONDS.toNanos(60));
    assertThat(resultOf(count(plugin, stateful("")))).isEqualTo(counted(1));
    assertThat(resultOf(call(plugin, stateful(""), "trap"))).isInstanceOf(Trapped.class);
    assertThat(resultOf(count(plugin, stateful("")))).isEqualTo(counted(1));
  }

  @Test
  void freshInstances_neverPause() {
    PluginHandle plugin = load(Modules.counter());
    for (int i = 0; i < 20; i++) {
      assertThat(resultOf(call(plugin, InstanceRequest.FRESH, "trap"))).isInstanceOf(Trapped.class);
    }
  }

  private static InstanceRequest pooled(long maxUses, long maxIdle, long idleMillis) {
    return InstanceRequest.of(
        "plugin",
        new InstanceSettings(InstancePolicy.POOLED, maxUses, maxIdle, idleMillis, 1, 5, false));
  }

  private static InstanceRequest stateful(String key) {
    return new InstanceRequest("plugin", STATEFUL, key);
  }

  private static Returned counted(int count) {
    return new Returned(List.of(new WasmValue.I32(count)));
  }

  private CompletableFuture<InvocationOutcome> count(
      PluginHandle plugin, InstanceRequest instance) {
    return call(plugin, instance, "count");
  }

  private CompletableFuture<InvocationOutcome> call(
      PluginHandle plugin, InstanceRequest instance, String export, @Nullable Object... arguments) {
    return desk.invoke(invocation(plugin, instance, export, arguments), TestLimits.LIMITS);
  }

  private static CallExport invocation(
      PluginHandle plugin, InstanceRequest instance, String export, @Nullable Object... arguments) {
    return new CallExport(
        plugin,
        export,
        Arrays.asList(arguments),
        10,
        OutputSink.DISCARD,
        HostServices.BASIC,
        instance);
  }

  private long linearMemory() {
    return bytes(HeapCategory.LINEAR_MEMORY);
  }

  private long bytes(HeapCategory category) {
    return ledger.snapshot().bytes().getOrDefault(category, 0L);
  }

  private PluginHandle load(byte[] wireBytes) {
    ModuleUpload upload =
        new ModuleUpload(
            GUESTS.engine().startStreaming(isolate),
            modules,
            ledger,
            new CodeBudget(ledger, Long.MAX_VALUE),
            wireBytes.length);
    upload.push(wireBytes, 0, wireBytes.length);
    return upload.finish();
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
