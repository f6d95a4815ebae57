package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.instance.KeptInstances;
import dev.cloister.isolate.instance.Turn;
import dev.cloister.isolate.wasi.BlockingRegion;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Drops and puts to sleep what a tenant has kept for long enough. Any thread.
///
/// Nothing is looked at on the timer's thread: what takes long is done on a guest thread, at the
/// tenant's turn.
final class InstanceTidying {
  private static final long STACK_BYTES = 512 << 10;

  private final KeptInstances kept;
  private final GuestExecutor executor;
  private final GuestLane lane;
  private final DeadlineTimer timer;
  private final LongSupplier nanoTime;
  private final Consumer<Turn> startTurn;
  private final Object lock = new Object();

  /// Whether [#tidy] is going to run.
  @GuardedBy("lock")
  private boolean isScheduled;

  /// When it is, on the tenant's clock.
  @GuardedBy("lock")
  private long scheduledNanos;

  /// What keeps it from running.
  @GuardedBy("lock")
  private Runnable cancellation = () -> {};

  private volatile boolean closed;

  /// Makes one that has nothing to do.
  ///
  /// @param startTurn lets a call run that came while its instance was put to sleep
  InstanceTidying(
      KeptInstances kept,
      GuestExecutor executor,
      GuestLane lane,
      DeadlineTimer timer,
      LongSupplier nanoTime,
      Consumer<Turn> startTurn) {
    this.kept = kept;
    this.executor = executor;
    this.lane = lane;
    this.timer = timer;
    this.nanoTime = nanoTime;
    this.startTurn = startTurn;
  }

  /// Looks in `nanos` nanoseconds at what is kept, unless somebody looks before.
  void schedule(long nanos) {
    long time = nanoTime.getAsLong() + nanos;
    Runnable later;
    synchronized (lock) {
      if (closed || (isScheduled && scheduledNanos - time <= 0)) {
        return;
      }
      later = isScheduled ? cancellation : () -> {};
      isScheduled = true;
      scheduledNanos = time;
    }
    later.run();
    Runnable added = timer.schedule(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, () -> tidy(time));
    synchronized (lock) {
      if (scheduledNanos == time) {
        cancellation = added;
      }
    }
  }

  /// Looks at nothing any more.
  void close() {
    closed = true;
  }

  private void tidy(long time) {
    synchronized (lock) {
      if (scheduledNanos == time) {
        isScheduled = false;
      }
    }
    if (!closed) {
      boolean _ = executor.submit(lane, new Task(), Long.MAX_VALUE);
    }
  }

  private final class Task implements GuestTask {
    @Override
    public long stackBytes() {
      return STACK_BYTES;
    }

    @Override
    public void run(BlockingRegion blocking) {
      kept.dropExpired();
      kept.hibernateIdle().forEach(startTurn);
      kept.releaseHolds();
      long nanos = kept.nextExpiryNanos();
      if (nanos >= 0) {
        schedule(nanos);
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
}
