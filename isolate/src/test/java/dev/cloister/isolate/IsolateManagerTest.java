package dev.cloister.isolate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.fake.FakeTimer;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.fake.Modules;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallExport;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.Returned;
import dev.cloister.isolate.verticle.WasiHost;
import dev.cloister.isolate.wasi.OutputSink;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class IsolateManagerTest {
  private static final IsolateId ACME = new IsolateId("acme");
  private static final byte[] MODULE = Modules.plain();

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

  @Test
  void tenant_isMadeFoundAndRemoved() {
    Isolate acme = create(ACME);
    Isolate other = create(new IsolateId("zebra"));

    assertThat(manager.find(ACME)).isSameAs(acme);
    assertThat(manager.isolates()).containsExactly(acme, other);
    assertThat(acme.state()).isEqualTo(IsolateState.ACTIVE);
    get(manager.dispose(ACME));
    assertThat(manager.find(ACME)).isNull();
    assertThat(acme.state()).isEqualTo(IsolateState.DISPOSED);
    get(manager.dispose(ACME));
    assertThat(vertx.deploymentIDs()).hasSize(1);
  }

  @Test
  void nameThatIsTaken_isRefusedUntilItIsFree() {
    create(ACME);

    assertThatThrownBy(() -> create(ACME)).hasRootCauseInstanceOf(IllegalStateException.class);
    get(manager.dispose(ACME));
    assertThat(create(ACME).state()).isEqualTo(IsolateState.ACTIVE);
  }

  @Test
  void uploadedModule_canBeCalledOnTheCallersContext() throws Exception {
    Isolate acme = create(ACME);
    PluginHandle plugin = upload(acme, MODULE);
    assertThat(acme.plugin(plugin.hash())).isSameAs(plugin);
    CompletableFuture<Context> completedOn = new CompletableFuture<>();
    CompletableFuture<InvocationOutcome> outcome = new CompletableFuture<>();

    Context caller = vertx.getOrCreateContext();
    caller.runOnContext(_ ->
        acme.invoke(add(plugin))
            .onComplete(result -> {
              completedOn.complete(Vertx.currentContext());
              outcome.complete(result.result());
            }));

    try (InvocationOutcome done = outcome.get(60, TimeUnit.SECONDS)) {
      assertThat(done.result()).isEqualTo(new Returned(List.of(new WasmValue.I32(3))));
    }
    assertThat(completedOn.get(60, TimeUnit.SECONDS)).isSameAs(caller);
    assertThat(acme.usage().ended()).containsEntry("ok", 1L);
  }

  @Test
  void load_readsAndCompilesOnceForAllWhoAsk() throws Exception {
    Isolate acme = create(ACME);
    AtomicInteger reads = new AtomicInteger();
    CountDownLatch gate = new CountDownLatch(1);
    List<Future<PluginHandle>> loads = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      loads.add(
          acme.load(
              ModuleHash.of(MODULE),
              () -> {
                reads.incrementAndGet();
                gate.await();
                return MODULE;
              }));
    }
    gate.countDown();

    PluginHandle first = get(loads.getFirst());
    for (Future<PluginHandle> load : loads) {
      assertThat(get(load)).isSameAs(first);
    }
    assertThat(reads).hasValue(1);
    assertThat(acme.loadedModuleCount()).isEqualTo(1);
    assertThat(get(acme.load(ModuleHash.of(MODULE), () -> MODULE))).isSameAs(first);
    assertThat(acme.unload(first.hash())).isTrue();
    assertThat(acme.plugin(first.hash())).isNull();
    assertThat(acme.heap().chargedBytes()).isZero();
  }

  @Test
  void loadThatFails_canBeTriedAgain() {
    Isolate acme = create(ACME);
    ModuleHash hash = ModuleHash.of(MODULE);

    assertThatThrownBy(() ->
            get(
                acme.load(
                    hash,
                    () -> {
                      throw new IllegalArgumentException("unreadable");
                    })))
        .hasRootCauseMessage("unreadable");
    assertThat(get(acme.load(hash, () -> MODULE)).hash()).isEqualTo(hash);
  }

  @Test
  void loadOfOtherBytes_isRefused() {
    Isolate acme = create(ACME);

    assertThatThrownBy(() -> get(acme.load(ModuleHash.of(MODULE), () -> Modules.withMemory(1))))
        .hasRootCauseInstanceOf(IllegalStateException.class);
    assertThat(acme.loadedModuleCount()).isZero();
    assertThat(acme.heap().chargedBytes()).isZero();
  }

  @Test
  void removedTenant_returnsEverything() {
    Isolate acme = create(ACME);
    PluginHandle plugin = upload(acme, MODULE);
    Future<InvocationOutcome> spinning =
        acme.invoke(CallExport.of(plugin, "spin", List.of(), 10, OutputSink.DISCARD));
    Awaitility.await().until(() -> executor.runningCount() == 1);

    get(manager.dispose(ACME));

    assertThat(get(spinning).result()).isEqualTo(new Cancelled(StopReason.DISPOSED));
    assertThat(get(acme.invoke(add(plugin))).result())
        .isEqualTo(new Cancelled(StopReason.DISPOSED));
    assertThat(acme.heap().chargedBytes()).isZero();
    assertThat(guests.engine().nativeModules()).isEmpty();
    assertThatThrownBy(() -> upload(acme, MODULE)).isInstanceOf(RuntimeException.class);
  }

  @Test
  void suspendedTenant_refusesCallsUntilItIsResumed() {
    Isolate acme = create(ACME);
    PluginHandle plugin = upload(acme, MODULE);

    acme.suspend();
    assertThat(acme.state()).isEqualTo(IsolateState.SUSPENDED);
    assertThat(get(acme.invoke(add(plugin))).result())
        .isEqualTo(new Cancelled(StopReason.CANCELLED));
    acme.resume();
    assertThat(get(acme.invoke(add(plugin))).result()).isInstanceOf(Returned.class);
  }

  @Test
  void newLimits_holdFromTheNextCallOn() {
    Isolate acme = create(ACME);
    PluginHandle plugin = upload(acme, MODULE);

    acme.updateLimits(acme.limits().with(IsolateLimit.REQUEST_BYTES, 1));

    assertThat(get(acme.invoke(add(plugin))).result())
        .isEqualTo(new LimitReached("requestBytes", 10, 1, null));
    acme.updateLimits(IsolateLimits.defaults().with(IsolateLimit.MEMORY_BYTES, 1 << 20));
    assertThat(acme.heap().capBytes()).isEqualTo(1 << 20);
    assertThat(get(acme.invoke(add(plugin))).result()).isInstanceOf(Returned.class);
  }

  @Test
  void tenants_shareCodeButNothingElse() {
    Isolate acme = create(ACME);
    Isolate other = create(new IsolateId("other"));
    PluginHandle mine = upload(acme, MODULE);
    PluginHandle theirs = upload(other, MODULE);

    assertThat(guests.engine().nativeModules()).hasSize(1);
    assertThat(theirs).isNotSameAs(mine);
    get(manager.dispose(ACME));
    assertThat(guests.engine().nativeModules())
        .singleElement()
        .satisfies(info -> assertThat(info.isolates()).containsExactly("other"));
    assertThat(get(other.invoke(add(theirs))).result()).isInstanceOf(Returned.class);
  }

  private static CallExport add(PluginHandle plugin) {
    List<@Nullable Object> arguments = Arrays.asList(1, 2);
    return CallExport.of(plugin, "add", arguments, 10, OutputSink.DISCARD);
  }

  private Isolate create(IsolateId id) {
    return get(manager.create(id, IsolateLimits.defaults()));
  }

  private static PluginHandle upload(Isolate isolate, byte[] wireBytes) {
    ModuleUpload upload = isolate.startUpload("plugin");
    upload.push(wireBytes, 0, wireBytes.length);
    return upload.finish();
  }

  private static <T extends @Nullable Object> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
