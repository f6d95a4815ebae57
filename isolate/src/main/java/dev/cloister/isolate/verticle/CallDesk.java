package dev.cloister.isolate.verticle;

import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.CapabilityDenied;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.LinkFailed;
import dev.cloister.isolate.verticle.InvocationResult.RateLimited;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedAbi;
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

/// Where the calls of one tenant are admitted, and where those in flight are known. Any thread.
public final class CallDesk {
  /*
   * Admission order: state, convention, rate, CPU time, concurrency, ledger, queue. What is cheap
   * and says most comes first; whatever is taken on the way is given back when a later step
   * refuses.
   *
   * A call is put among the calls in flight before `closed` is looked at, and closing sets `closed`
   * before it looks at the calls in flight: so every call either sees that the desk is closed or is
   * seen.
   */

  /// When to try again if the tenant has all the calls in flight that it may have.
  private static final long RETRY_AFTER_MILLIS = 1_000;

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

  /// Refuses new calls for good and stops those in flight.
  ///
  /// @return completed when the last one has ended
  public CompletableFuture<Void> close() {
    closed = true;
    inFlight.forEach(call -> call.stop(StopReason.DISPOSED));
    return CompletableFuture.allOf(
        inFlight.stream().map(LiveCall::outcome).toArray(CompletableFuture<?>[]::new));
  }

  /// The figures now.
  public CallUsage usage() {
    return new CallUsage(
        inFlightCount.get(),
        executor.waitingCount(lane),
        endedCounts.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().sum())),
        cpu.usedNanos());
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
    return executor.withdraw(lane, call);
  }

  /// Notes that `call` has ended, and returns what it held.
  void ended(LiveCall call, InvocationResult result) {
    ledger.release(HeapCategory.BUFFER, call.invocation().requestBytes());
    call.invocation().plugin().release();
    inFlight.remove(call);
    inFlightCount.decrementAndGet();
    count(result);
  }

  private CompletableFuture<InvocationOutcome> start(Invocation invocation, CallLimits limits) {
    LiveCall call = new LiveCall(invocation, this, limits);
    inFlight.add(call);
    call.startDeadline(timer);
    if (!executor.submit(lane, call, limits.queueLength())) {
      call.reject();
    } else if (closed) {
      call.stop(StopReason.DISPOSED);
    }
    return call.outcome();
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
    if (!abi.isAvailable() || (invocation instanceof RunCommand && abi != Abi.WASI_COMMAND)) {
      return new UnsupportedAbi(abi);
    }
    if (!invocation.plugin().unresolvedImports().isEmpty()) {
      var missing = invocation.plugin().unresolvedImports().getFirst();
      return new LinkFailed("unknown import " + missing.module() + "." + missing.name());
    }
    return denied(invocation);
  }

  private static @Nullable InvocationResult denied(Invocation invocation) {
    SortedMap<Capability, List<String>> needs = invocation.plugin().needs();
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
