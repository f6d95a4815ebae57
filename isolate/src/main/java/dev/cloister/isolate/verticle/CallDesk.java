package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.instance.CrashWatch;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.KeptInstances;
import dev.cloister.isolate.instance.SlotEntry;
import dev.cloister.isolate.instance.Turn;
import dev.cloister.isolate.instance.VersionKey;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.CapabilityDenied;
import dev.cloister.isolate.verticle.InvocationResult.CrashLoop;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.LinkFailed;
import dev.cloister.isolate.verticle.InvocationResult.RateLimited;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedAbi;
import dev.cloister.isolate.wasi.BlockingRegion;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where the calls of one tenant are admitted, and where those in flight are known. Any thread.
public final class CallDesk {
  private static final Logger LOGGER = LoggerFactory.getLogger(CallDesk.class);

  /*
   * Admission order: state, convention, crashes, rate, CPU time, concurrency, ledger, queue. What
   * is cheap and says most comes first; whatever is taken on the way is given back when a later
   * step refuses.
   *
   * A call is put among the calls in flight before `closed` is looked at, and closing sets `closed`
   * before it looks at the calls in flight: so every call either sees that the desk is closed or is
   * seen.
   */

  /// When to try again if the tenant has all the calls in flight that it may have.
  private static final long RETRY_AFTER_MILLIS = 1_000;

  private static final long TIDYING_STACK_BYTES = 512 << 10;

  private final HeapLedger ledger;
  private final GuestExecutor executor;
  private final DeadlineTimer timer;
  private final CpuWatch cpuWatch;
  private final WasiHost wasiHost;
  private final LongSupplier nanoTime;
  private final GuestLane lane;
  private final RateBucket rate;
  private final CpuBucket cpu;
  private final AtomicInteger inFlightCount = new AtomicInteger();
  private final Set<LiveCall> inFlight = ConcurrentHashMap.newKeySet();
  private final Map<String, LongAdder> endedCounts = new ConcurrentHashMap<>();
  private final KeptInstances kept;
  private final CrashWatch crashes = new CrashWatch();

  /// The calls that wait for a stateful instance.
  private final AtomicInteger inSlots = new AtomicInteger();

  private final Object tidyingLock = new Object();

  /// Whether [#tidy] is going to run.
  @GuardedBy("tidyingLock")
  private boolean isTidyingScheduled;

  /// When it is, on the desk's clock.
  @GuardedBy("tidyingLock")
  private long tidyingNanos;

  /// What keeps it from running.
  @GuardedBy("tidyingLock")
  private Runnable tidyingCancellation = () -> {};

  private volatile boolean suspended;
  private volatile boolean closed;

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
    this.rate = new RateBucket(nanoTime.getAsLong());
    this.cpu = new CpuBucket(nanoTime.getAsLong());
    this.kept = new KeptInstances(ledger, nanoTime);
    ledger.reclaimWith(kept::reclaim);
  }

  /// Admits and runs `invocation`, or refuses it; completes on a guest thread, the timer's or the
  /// caller's. Never completes exceptionally.
  public CompletableFuture<InvocationOutcome> invoke(Invocation invocation, CallLimits limits) {
    InvocationResult refusal = refuse(invocation, limits);
    if (refusal != null) {
      count(refusal);
      return CompletableFuture.completedFuture(InvocationOutcome.refused(refusal));
    }
    return start(invocation, limits);
  }

  /// Refuses new calls, or admits them again; calls in flight go on.
  public void suspend(boolean isSuspended) {
    suspended = isSuspended;
  }

  /// The instances that outlive a call.
  public KeptInstances kept() {
    return kept;
  }

  /// Drops the instances that are kept of a plugin, and forgets that it crashed.
  public void dropInstances(String plugin) {
    kept.drop(plugin);
    crashes.forget(plugin);
  }

  /// Refuses new calls for good, stops those in flight and drops what is kept.
  ///
  /// @return completed when the last one has ended
  public CompletableFuture<Void> close() {
    closed = true;
    inFlight.forEach(call -> call.stop(StopReason.DISPOSED));
    return CompletableFuture.allOf(
            inFlight.stream().map(LiveCall::outcome).toArray(CompletableFuture<?>[]::new))
        .thenRun(kept::close);
  }

  /// The figures now.
  public CallUsage usage() {
    return new CallUsage(
        inFlightCount.get(),
        executor.waitingCount(lane) + inSlots.get(),
        endedCounts.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().sum())),
        cpu.usedNanos());
  }

  /// How many calls the rate allows now.
  public long availableRequests(CallLimits limits) {
    return rate.available(nanoTime.getAsLong(), limits.requestsPerSecond());
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
    ledger.release(HeapCategory.BUFFER, invocation.requestBytes());
    noteCrash(call, result);
    nextTurn(call);
    invocation.plugin().release();
    kept.releaseHolds();
    inFlight.remove(call);
    inFlightCount.decrementAndGet();
    count(result);
    if (call.source().policy() != InstancePolicy.FRESH) {
      scheduleTidying(TimeUnit.MILLISECONDS.toNanos(invocation.instance().settings().idleMillis()));
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
    if (closed) {
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

  private void noteCrash(LiveCall call, InvocationResult result) {
    InstanceRequest request = call.invocation().instance();
    if (request.settings().policy() == InstancePolicy.FRESH) {
      return;
    }
    VersionKey version = new VersionKey(request.plugin(), call.invocation().plugin().hash());
    if (result.isCrash() && call.hasRun()) {
      long pauseNanos =
          crashes.crashed(version, request.settings().crashesToBackOff(), nanoTime.getAsLong());
      if (pauseNanos > 0) {
        LOGGER.warn(
            "event=plugin-pauses plugin={} module={} crashes={} pause_ms={}",
            request.plugin(),
            version.module().hex(),
            crashes.count(version),
            TimeUnit.NANOSECONDS.toMillis(pauseNanos));
      }
    } else if (call.hasRun()) {
      crashes.returned(version);
    }
  }

  /// Looks in `nanos` nanoseconds at what is kept, unless somebody looks before.
  private void scheduleTidying(long nanos) {
    long time = nanoTime.getAsLong() + nanos;
    Runnable later;
    synchronized (tidyingLock) {
      if (closed || (isTidyingScheduled && tidyingNanos - time <= 0)) {
        return;
      }
      later = isTidyingScheduled ? tidyingCancellation : () -> {};
      isTidyingScheduled = true;
      tidyingNanos = time;
    }
    later.run();
    Runnable cancellation =
        timer.schedule(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, () -> tidy(time));
    synchronized (tidyingLock) {
      if (tidyingNanos == time) {
        tidyingCancellation = cancellation;
      }
    }
  }

  /// On the timer's thread: what takes long is done on a guest thread, at the tenant's turn.
  private void tidy(long time) {
    synchronized (tidyingLock) {
      if (tidyingNanos == time) {
        isTidyingScheduled = false;
      }
    }
    if (!closed) {
      boolean _ = executor.submit(lane, new Tidying(), Long.MAX_VALUE);
    }
  }

  /// Drops and puts to sleep what has been kept for long enough.
  private final class Tidying implements GuestTask {
    @Override
    public long stackBytes() {
      return TIDYING_STACK_BYTES;
    }

    @Override
    public void run(BlockingRegion blocking) {
      kept.dropExpired();
      kept.hibernateIdle().forEach(CallDesk.this::startTurn);
      kept.releaseHolds();
      long nanos = kept.nextExpiryNanos();
      if (nanos >= 0) {
        scheduleTidying(nanos);
      }
    }

    @Override
    public void reject() {
      // Nobody waits for it, and the next call has it scheduled again.
    }

    @Override
    public boolean isStopping() {
      return closed;
    }
  }

  /// Why `invocation` is refused; or null, and then its place, bytes and plugin are taken.
  private @Nullable InvocationResult refuse(Invocation invocation, CallLimits limits) {
    if (closed || suspended) {
      return new Cancelled(closed ? StopReason.DISPOSED : StopReason.CANCELLED);
    }
    InvocationResult unsuited = unsuited(invocation);
    if (unsuited != null) {
      return unsuited;
    }
    if (invocation.requestBytes() > limits.requestBytes()) {
      return new LimitReached(
          "requestBytes", invocation.requestBytes(), limits.requestBytes(), null);
    }
    long nowNanos = nanoTime.getAsLong();
    InvocationResult pausing = pausing(invocation, nowNanos);
    if (pausing != null) {
      return pausing;
    }
    long waitNanos = rate.take(nowNanos, limits.requestsPerSecond());
    if (waitNanos > 0) {
      return new RateLimited("requestsPerSecond", TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1);
    }
    long cpuWaitNanos = cpu.waitNanos(nowNanos, limits.cpuMillisPerSecond());
    if (cpuWaitNanos > 0) {
      return new RateLimited("cpuMillisPerSecond", TimeUnit.NANOSECONDS.toMillis(cpuWaitNanos) + 1);
    }
    if (inFlightCount.incrementAndGet() > limits.concurrency()) {
      inFlightCount.decrementAndGet();
      return new RateLimited("concurrency", RETRY_AFTER_MILLIS);
    }
    InvocationResult refusal = take(invocation);
    if (refusal != null) {
      inFlightCount.decrementAndGet();
    }
    return refusal;
  }

  /// The refusal of a call whose plugin pauses because it crashed, or null.
  private @Nullable InvocationResult pausing(Invocation invocation, long nowNanos) {
    InstanceRequest request = invocation.instance();
    if (request.settings().policy() == InstancePolicy.FRESH) {
      return null;
    }
    VersionKey version = new VersionKey(request.plugin(), invocation.plugin().hash());
    long pauseNanos = crashes.pauseNanos(version, nowNanos);
    return pauseNanos == 0
        ? null
        : new CrashLoop(
            request.plugin(),
            crashes.count(version),
            TimeUnit.NANOSECONDS.toMillis(pauseNanos) + 1);
  }

  private @Nullable InvocationResult take(Invocation invocation) {
    long bytes = invocation.requestBytes();
    if (!ledger.charge(HeapCategory.BUFFER, bytes)) {
      return new LimitReached(
          "memoryBytes", ledger.chargedBytes() + bytes, ledger.capBytes(), null);
    }
    if (!invocation.plugin().hold()) {
      ledger.release(HeapCategory.BUFFER, bytes);
      return new Cancelled(StopReason.CANCELLED); // it was unloaded meanwhile
    }
    return null;
  }

  private static @Nullable InvocationResult unsuited(Invocation invocation) {
    Abi abi = invocation.plugin().abi();
    boolean isSuited =
        switch (invocation) {
          case CallBytes _ -> true; // whoever calls decides; a plain module may take no bytes
          case CallExport _ -> abi != Abi.EXTISM;
          case RunCommand command ->
              command.isCommand() ? abi == Abi.WASI_COMMAND : abi != Abi.EXTISM;
        };
    if (!isSuited) {
      return new UnsupportedAbi(abi);
    }
    Imports functions = invocation.services().functions();
    for (Import missing : invocation.plugin().unresolvedImports()) {
      if (functions.resolve(missing.module(), missing.name(), missing.type()) == null) {
        return new LinkFailed("unknown import " + missing.module() + "." + missing.name());
      }
    }
    return denied(invocation);
  }

  private static @Nullable InvocationResult denied(Invocation invocation) {
    SortedMap<Capability, List<String>> needs = invocation.plugin().requirements();
    Grants grants = invocation.services().grants();
    if (grants.allowsAll(needs.keySet())) {
      return null;
    }
    SortedMap<Capability, List<String>> missing = new TreeMap<>(needs);
    missing.keySet().removeAll(grants.capabilities());
    return new CapabilityDenied(missing);
  }

  private void count(InvocationResult result) {
    endedCounts.computeIfAbsent(result.outcome(), _ -> new LongAdder()).increment();
  }
}
