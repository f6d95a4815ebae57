package dev.cloister.isolate;

import dev.cloister.engine.WasmEngine;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.verticle.CallDesk;
import dev.cloister.isolate.verticle.CpuWatch;
import dev.cloister.isolate.verticle.DeadlineTimer;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.isolate.verticle.WasiHost;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Makes and removes the tenants of this node. Any thread.
public final class IsolateManager {
  private final Vertx vertx;
  private final WasmEngine engine;
  private final GuestExecutor executor;
  private final WasiHost wasiHost;
  private final DeadlineTimer timer;
  private final CpuWatch cpuWatch;

  /// The names taken, from before a tenant is made until after it is gone.
  private final Set<IsolateId> names = ConcurrentHashMap.newKeySet();

  /// The tenants and the deployments of their verticles.
  private final Map<IsolateId, Deployed> isolates = new ConcurrentHashMap<>();

  /// Makes a manager without tenants; the caller closes all of the parameters after it.
  public IsolateManager(Vertx vertx, WasmEngine engine, GuestExecutor executor) {
    this(vertx, engine, executor, WasiHost.system(), DeadlineTimer.system());
  }

  /// Makes a manager without tenants; it closes `timer`, the caller closes the others after it.
  public IsolateManager(
      Vertx vertx,
      WasmEngine engine,
      GuestExecutor executor,
      WasiHost wasiHost,
      DeadlineTimer timer) {
    this.vertx = vertx;
    this.engine = engine;
    this.executor = executor;
    this.wasiHost = wasiHost;
    this.timer = timer;
    this.cpuWatch = new CpuWatch(timer, System::nanoTime);
  }

  /// Makes a tenant.
  ///
  /// @return fails with [IllegalStateException] if there is one of this name
  public Future<Isolate> create(IsolateId id, IsolateLimits limits) {
    if (!names.add(id)) {
      return Future.failedFuture(new IllegalStateException("tenant " + id + " exists"));
    }
    Isolate isolate = newIsolate(id, limits);
    return vertx
        .deployVerticle(isolate.verticle())
        .onSuccess(deployment -> isolates.put(id, new Deployed(isolate, deployment)))
        .onFailure(_ -> names.remove(id))
        .map(isolate);
  }

  /// The tenant of this name, or null.
  public @Nullable Isolate find(IsolateId id) {
    Deployed deployed = isolates.get(id);
    return deployed == null ? null : deployed.isolate();
  }

  /// The tenants now, by name.
  public List<Isolate> isolates() {
    return isolates.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getValue().isolate())
        .toList();
  }

  /// Removes a tenant: stops its calls, lets its modules go, closes its ledger.
  ///
  /// @return completes when nothing of it is left; at once if there is none of this name
  public Future<Void> dispose(IsolateId id) {
    Deployed deployed = isolates.remove(id);
    if (deployed == null) {
      return Future.succeededFuture();
    }
    deployed.isolate().disposed();
    return vertx.undeploy(deployed.deployment()).onComplete(_ -> names.remove(id));
  }

  /// Removes all tenants.
  public Future<Void> close() {
    return Future.join(isolates.keySet().stream().map(this::dispose).toList())
        .onComplete(_ -> timer.close())
        .mapEmpty();
  }

  private Isolate newIsolate(IsolateId id, IsolateLimits limits) {
    HeapLedger ledger = new HeapLedger(limits.value(IsolateLimit.MEMORY_BYTES));
    CallDesk desk = new CallDesk(ledger, executor, timer, cpuWatch, wasiHost, System::nanoTime);
    return new Isolate(id, limits, vertx, engine, ledger, desk);
  }

  /// A tenant and the id of its verticle.
  private record Deployed(Isolate isolate, String deployment) {}
}
