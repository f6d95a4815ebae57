package dev.cloister.isolate.verticle;

import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.KeptInstances;
import dev.cloister.isolate.instance.SlotEntry;
import dev.cloister.isolate.instance.Turn;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where the calls of one tenant begin and end, and where those in flight are known. Any thread.
public final class CallDesk {
  /*
   * A call is put among the calls in flight before it is looked whether the desk is closed, and
   * closing closes the admission before it looks at the calls in flight: so every call either sees
   * that the desk is closed or is seen.
   */

  private final HeapLedger ledger;
  private final GuestExecutor executor;
  private final DeadlineTimer timer;
  private final CpuWatch cpuWatch;
  private final WasiHost wasiHost;
  private final LongSupplier nanoTime;
  private final GuestLane lane;
  private final CpuBucket cpu;
  private final CallAdmission admission;
  private final KeptInstances kept;
  private final InstanceTidying tidying;
  private final Set<LiveCall> inFlight = ConcurrentHashMap.newKeySet();
  private final Map<String, LongAdder> endedCounts = new ConcurrentHashMap<>();

  /// The calls that wait for a stateful instance.
  private final AtomicInteger inSlots = new AtomicInteger();

  /// Opens the desk of a tenant.
  public CallDesk(
      HeapLedger ledger,
      GuestExecutor executor,
      DeadlineTimer timer,
      CpuWatch cpuWatch,
      WasiHost wasiHost,
      LongSupplier nanoTime) {
    this.ledger = ledger;
    this.executor = executor;
    this.timer = timer;
    this.cpuWatch = cpuWatch;
    this.wasiHost = wasiHost;
    this.nanoTime = nanoTime;
    this.lane = executor.openLane();
    this.cpu = new CpuBucket(nanoTime.getAsLong());
    this.admission = new CallAdmission(ledger, cpu, nanoTime.getAsLong());
    this.kept = new KeptInstances(ledger, nanoTime);
    this.tidying = new InstanceTidying(kept, executor, lane, timer, nanoTime, this::startTurn);
    ledger.reclaimWith(kept::reclaim);
  }

  /// Admits and runs `invocation`, or refuses it; completes on a guest thread, the timer's or the
  /// caller's. Never completes exceptionally.
  public CompletableFuture<InvocationOutcome> invoke(Invocation invocation, CallLimits limits) {
    InvocationResult refusal = admission.refuse(invocation, limits, nanoTime.getAsLong());
    if (refusal != null) {
      count(refusal);
      return CompletableFuture.completedFuture(InvocationOutcome.refused(refusal));
    }
    return start(invocation, limits);
  }

  /// Refuses new calls, or admits them again; calls in flight go on.
  public void suspend(boolean isSuspended) {
    admission.suspend(isSuspended);
  }

  /// The instances that outlive a call.
  public KeptInstances kept() {
    return kept;
  }

  /// Drops the instances that are kept of a plugin, and forgets that it crashed.
  public void dropInstances(String plugin) {
    kept.drop(plugin);
    admission.forgetCrashes(plugin);
  }

  /// Refuses new calls for good, stops those in flight and drops what is kept.
  ///
  /// @return completed when the last one has ended
  public CompletableFuture<Void> close() {
    admission.close();
    tidying.close();
    inFlight.forEach(call -> call.stop(StopReason.DISPOSED));
    return CompletableFuture.allOf(
            inFlight.stream().map(LiveCall::outcome).toArray(CompletableFuture<?>[]::new))
        .thenRun(kept::close);
  }

  /// The figures now.
  public CallUsage usage() {
    return new CallUsage(
        admission.inFlightCount(),
        executor.waitingCount(lane) + inSlots.get(),
        endedCounts.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().sum())),
        cpu.usedNanos());
  }

  /// How many calls the rate allows now.
  public long availableRequests(CallLimits limits) {
    return admission.availableRequests(limits, nanoTime.getAsLong());
  }

  /// Stops a call that is waiting or running; it ends soon after, and its outcome says so.
  ///
  /// @param invocation the very object that the call was asked for with
  /// @return false if it has ended
  // Two calls may well be equal, but only one of them is to be stopped.
  @SuppressWarnings("ReferenceEquality")
  public boolean cancel(Invocation invocation) {
    for (LiveCall call : inFlight) {
      if (call.invocation() == invocation) {
        call.stop(StopReason.CANCELLED);
        return true;
      }
    }
    return false;
  }

  HeapLedger ledger() {
    return ledger;
  }

  /// Begins to measure the CPU time of a call, on the thread that runs it.
  CpuMeter beginCpu(CallLimits limits, Runnable onExceeded) {
    return cpuWatch.begin(cpu, limits, onExceeded);
  }

  void endCpu(CpuMeter meter) {
    cpuWatch.end(meter);
  }

  WasiHost wasiHost() {
    return wasiHost;
  }

  LongSupplier nanoTime() {
    return nanoTime;
  }

  /// Takes `call` out of the queue; returns false if it is not there.
  boolean withdraw(LiveCall call) {
    if (kept.withdraw(call.source(), call)) {
      inSlots.decrementAndGet();
      return true;
    }
    return executor.withdraw(lane, call);
  }

  /// Notes that `call` has ended, and returns what it held.
  void ended(LiveCall call, InvocationResult result) {
    Invocation invocation = call.invocation();
    if (call.hasRun()) {
      admission.noteEnd(invocation, result, nanoTime.getAsLong());
    }
    admission.leave(invocation);
    nextTurn(call);
    kept.releaseHolds();
    inFlight.remove(call);
    count(result);
    if (call.source().policy() != InstancePolicy.FRESH) {
      tidying.schedule(
          TimeUnit.MILLISECONDS.toNanos(invocation.instance().settings().idleMillis()));
    }
  }

  private CompletableFuture<InvocationOutcome> start(Invocation invocation, CallLimits limits) {
    LiveCall call =
        new LiveCall(invocation, this, limits.within(invocation.plugin().extismSettings()));
    inFlight.add(call);
    call.startDeadline(timer);
    switch (chooseInstance(call)) {
      case SlotEntry.Refused(String limit, long used, long allowed) ->
          call.refuse(new LimitReached(limit, used, allowed, null));
      case SlotEntry.Entered(boolean hasTurn) -> {
        if (hasTurn) {
          submit(call, limits.queueLength());
        } else if (inSlots.incrementAndGet() > limits.queueLength() && withdraw(call)) {
          call.reject();
        }
      }
    }
    if (admission.isClosed()) {
      call.stop(StopReason.DISPOSED);
    }
    return call.outcome();
  }

  /// Says where `call` is to get its instance; it may have to wait for its turn.
  private SlotEntry chooseInstance(LiveCall call) {
    InstanceRequest request = call.invocation().instance();
    PluginHandle plugin = call.invocation().plugin();
    CallLimits limits = call.limits();
    return switch (request.settings().policy()) {
      case FRESH -> {
        call.serveFrom(kept.fresh(plugin, request));
        yield new SlotEntry.Entered(/* hasTurn= */ true);
      }
      case POOLED -> {
        call.serveFrom(kept.pool(plugin, request, limits.fuelPerCall()));
        yield new SlotEntry.Entered(/* hasTurn= */ true);
      }
      case STATEFUL ->
          kept.enter(plugin, request, call, limits.keptInstances(), limits.fuelPerCall());
    };
  }

  private void submit(LiveCall call, long queueLength) {
    if (!executor.submit(lane, call, queueLength)) {
      call.reject();
    }
  }

  /// Lets the call run that waits for the stateful instance that `call` had.
  private void nextTurn(LiveCall call) {
    startTurn(kept.end(call.source(), call));
  }

  private void startTurn(@Nullable Turn turn) {
    Turn next = turn;
    while (next instanceof LiveCall waiting) {
      inSlots.decrementAndGet();
      if (executor.submit(lane, waiting, Long.MAX_VALUE)) {
        return;
      }
      // Out of the slot first: its own end finds nothing to do there.
      next = kept.end(waiting.source(), waiting);
      waiting.reject();
    }
  }

  private void count(InvocationResult result) {
    endedCounts.computeIfAbsent(result.outcome(), _ -> new LongAdder()).increment();
  }
}
