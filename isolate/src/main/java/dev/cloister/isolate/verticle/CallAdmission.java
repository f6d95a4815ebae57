package dev.cloister.isolate.verticle;

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
import dev.cloister.isolate.instance.VersionKey;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.CapabilityDenied;
import dev.cloister.isolate.verticle.InvocationResult.CrashLoop;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.LinkFailed;
import dev.cloister.isolate.verticle.InvocationResult.RateLimited;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedAbi;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides which calls of one tenant may begin. Any thread.
///
/// Admission order: state, convention, crashes, rate, CPU time, concurrency, ledger. What is cheap
/// and says most comes first; whatever is taken on the way is given back when a later step refuses.
/// The queue comes last, and is the desk's.
final class CallAdmission {
  private static final Logger LOGGER = LoggerFactory.getLogger(CallAdmission.class);

  /// When to try again if the tenant has all the calls in flight that it may have.
  private static final long RETRY_AFTER_MILLIS = 1_000;

  private final HeapLedger ledger;
  private final RateBucket rate;
  private final CpuBucket cpu;
  private final CrashWatch crashes = new CrashWatch();
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile boolean suspended;
  private volatile boolean closed;

  /// Admits calls.
  ///
  /// @param nowNanos the time on the clock that all calls use
  CallAdmission(HeapLedger ledger, CpuBucket cpu, long nowNanos) {
    this.ledger = ledger;
    this.cpu = cpu;
    this.rate = new RateBucket(nowNanos);
  }

  /// Why `invocation` is refused; or null, and then its place, bytes and plugin are taken until
  /// [#leave].
  @Nullable InvocationResult refuse(Invocation invocation, CallLimits limits, long nowNanos) {
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
    if (inFlight.incrementAndGet() > limits.concurrency()) {
      inFlight.decrementAndGet();
      return new RateLimited("concurrency", RETRY_AFTER_MILLIS);
    }
    InvocationResult refusal = take(invocation);
    if (refusal != null) {
      inFlight.decrementAndGet();
    }
    return refusal;
  }

  /// Gives back what an admitted call had.
  void leave(Invocation invocation) {
    ledger.release(HeapCategory.BUFFER, invocation.requestBytes());
    invocation.plugin().release();
    inFlight.decrementAndGet();
  }

  /// How many calls are admitted and have not left.
  int inFlightCount() {
    return inFlight.get();
  }

  /// How many calls the rate allows now.
  long availableRequests(CallLimits limits, long nowNanos) {
    return rate.available(nowNanos, limits.requestsPerSecond());
  }

  /// Refuses calls, or admits them again.
  void suspend(boolean isSuspended) {
    suspended = isSuspended;
  }

  /// Refuses calls for good.
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /// Forgets that a plugin crashed.
  void forgetCrashes(String plugin) {
    crashes.forget(plugin);
  }

  /// Notes how a call ended that a guest thread took: after some crashes in a row the plugin
  /// pauses, if it has instances that outlive a call.
  void noteEnd(Invocation invocation, InvocationResult result, long nowNanos) {
    InstanceRequest request = invocation.instance();
    if (request.settings().policy() == InstancePolicy.FRESH) {
      return;
    }
    VersionKey version = new VersionKey(request.plugin(), invocation.plugin().hash());
    if (!result.isCrash()) {
      crashes.returned(version);
      return;
    }
    long pauseNanos = crashes.crashed(version, request.settings().crashesToBackOff(), nowNanos);
    if (pauseNanos > 0) {
      LOGGER.warn(
          "event=plugin-pauses plugin={} module={} crashes={} pause_ms={}",
          request.plugin(),
          version.module().hex(),
          crashes.count(version),
          TimeUnit.NANOSECONDS.toMillis(pauseNanos));
    }
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
}
