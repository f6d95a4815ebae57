package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.instance.FreshInstances;
import dev.cloister.isolate.instance.InstanceSource;
import dev.cloister.isolate.instance.Turn;
import dev.cloister.isolate.verticle.InvocationResult.Overloaded;
import dev.cloister.isolate.wasi.BlockingRegion;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An admitted call, from its admission to its end.
///
/// It waits, runs and ends; or it is stopped while it waits, and ends at once; or it is stopped
/// while it runs, and ends when the guest has noticed. Whatever happens, it ends exactly once, and
/// then everything it held is returned.
final class LiveCall implements GuestTask, Turn {
  private final Invocation invocation;
  private final CallDesk desk;
  private final BoundedOutput output;
  private final CallStop stop = new CallStop();
  private final GuestFaults faults;
  private final CallLimits limits;
  private final long admittedNanos;
  private final CompletableFuture<InvocationOutcome> outcome = new CompletableFuture<>();

  /// Where its instance comes from; set before it is submitted.
  private volatile InstanceSource source = FreshInstances.WITHOUT_IMAGE;

  private final Object lock = new Object();

  /// Null before it is set.
  private volatile @Nullable CallDeadline deadline;

  @GuardedBy("lock")
  private boolean ended;

  private volatile boolean hasRun;

  /// The CPU time of the call; null before it runs. The guest's thread only.
  private @Nullable CpuMeter meter;

  LiveCall(Invocation invocation, CallDesk desk, CallLimits limits) {
    this.invocation = invocation;
    this.desk = desk;
    this.limits = limits;
    this.output = new BoundedOutput(desk.ledger(), limits.responseBytes());
    this.faults = new GuestFaults(limits, this::cpuMillis);
    this.admittedNanos = desk.nanoTime().getAsLong();
  }

  Invocation invocation() {
    return invocation;
  }

  InstanceSource source() {
    return source;
  }

  @Override
  public void serveFrom(InstanceSource chosen) {
    source = chosen;
  }

  /// Whether a guest thread took it. Exact once it has ended.
  boolean hasRun() {
    return hasRun;
  }

  CallLimits limits() {
    return limits;
  }

  /// Completed when the call has ended and holds nothing any more but its output.
  CompletableFuture<InvocationOutcome> outcome() {
    return outcome;
  }

  /// Lets the deadline come; before the call is submitted.
  void startDeadline(DeadlineTimer timer) {
    CallDeadline set =
        new CallDeadline(
            timer, desk.nanoTime(), limits.deadlineMillis(), () -> stop(StopReason.DEADLINE));
    deadline = set;
    set.start();
  }

  /// Ends the call for `reason`: at once if it still waits, else as soon as the guest notices.
  void stop(StopReason reason) {
    stop.request(reason);
    if (desk.withdraw(this)) {
      end(faults.resultOf(reason), queuedOnly());
    }
  }

  @Override
  public long stackBytes() {
    return limits.stackBytes();
  }

  @Override
  public void run(BlockingRegion blocking) {
    hasRun = true;
    long startNanos = desk.nanoTime().getAsLong();
    InvocationRunner runner =
        new InvocationRunner(
            desk.ledger(),
            limits,
            output,
            stop,
            source,
            faults,
            desk.wasiHost(),
            new Pausing(blocking),
            desk.nanoTime());
    CpuMeter cpu = desk.beginCpu(limits, () -> stop(StopReason.CPU_TIME));
    meter = cpu;
    InvocationResult result;
    try {
      result = runner.run(invocation);
    } finally {
      desk.endCpu(cpu);
    }
    end(
        result,
        new InvocationTimings(
            startNanos - admittedNanos,
            runner.instantiateNanos(),
            runner.executeNanos(),
            cpu.usedNanos(),
            runner.fuelUsed()));
  }

  @Override
  public void reject() {
    refuse(new Overloaded("queueLength"));
  }

  /// Ends the call before it began.
  void refuse(InvocationResult refusal) {
    end(refusal, queuedOnly());
  }

  @Override
  public boolean isStopping() {
    return stop.isRequested();
  }

  /// Cheaper than the one that every object has: calls stand in several sets.
  @Override
  public int hashCode() {
    return Long.hashCode(admittedNanos);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // each is itself
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  /// The CPU time that the call was seen to use, in milliseconds, rounded up.
  private long cpuMillis() {
    return meter == null ? 0 : TimeUnit.NANOSECONDS.toMillis(meter.usedNanos() - 1) + 1;
  }

  private InvocationTimings queuedOnly() {
    return new InvocationTimings(desk.nanoTime().getAsLong() - admittedNanos, 0, 0, 0, 0);
  }

  private void end(InvocationResult result, InvocationTimings timings) {
    synchronized (lock) {
      if (ended) {
        return;
      }
      ended = true;
    }
    CallDeadline set = deadline;
    if (set != null) {
      set.end();
    }
    if (!(result instanceof InvocationResult.Exited
        || result instanceof InvocationResult.Answered)) {
      output.close();
    }
    desk.ended(this, result);
    outcome.complete(new InvocationOutcome(result, timings, source.policy(), output::close));
  }

  /// Lets the deadline stand still while a debugger holds the guest.
  private final class Pausing implements BlockingRegion {
    private final BlockingRegion blocking;

    Pausing(BlockingRegion blocking) {
      this.blocking = blocking;
    }

    @Override
    public void enter() {
      blocking.enter();
    }

    @Override
    public void exit() {
      blocking.exit();
    }

    @Override
    public void enterPause() {
      CallDeadline set = deadline;
      if (set != null) {
        set.pause();
      }
      blocking.enterPause();
    }

    @Override
    public void exitPause() {
      blocking.exitPause();
      CallDeadline set = deadline;
      if (set != null) {
        set.start();
      }
    }
  }
}
