package dev.cloister.isolate.verticle;

import dev.cloister.isolate.wasi.BlockingRegion;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A guest thread: runs what the executor hands it, until it has been idle for long.
final class GuestWorker implements Runnable, BlockingRegion {
  private static final Logger LOGGER = LoggerFactory.getLogger(GuestWorker.class);
  private static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final GuestExecutor executor;
  private final StackClass stackClass;
  private final Thread thread;

  /// What to run next; set by the executor while this worker is idle, or before its thread starts.
  private final AtomicReference<@Nullable Work> next = new AtomicReference<>();

  private volatile boolean retired;

  /// What runs now; this thread only.
  private @Nullable Work current;

  /// How long the current work has waited in host calls; this thread only.
  private long blockedNanos;

  GuestWorker(GuestExecutor executor, StackClass stackClass, long number) {
    this.executor = executor;
    this.stackClass = stackClass;
    this.thread = new Thread(null, this, "guest-" + number, stackClass.bytes(), false);
    thread.setDaemon(true);
  }

  StackClass stackClass() {
    return stackClass;
  }

  /// Gives this worker its next work; it starts if it never ran.
  void assign(Work work) {
    next.set(work);
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    } else {
      LockSupport.unpark(thread);
    }
  }

  /// Lets the thread end once it has nothing to do.
  void retire() {
    retired = true;
    LockSupport.unpark(thread);
  }

  @Override
  public void run() {
    for (Work work = awaitWork(); work != null; work = awaitWork()) {
      long startNanos = System.nanoTime();
      blockedNanos = 0;
      current = work;
      try {
        work.task().run(this);
      } catch (Throwable failure) {
        // A task handles what its guest does; whatever arrives here is a bug, and the thread goes
        // on.
        LOGGER.error("event=guest-task-failed", failure);
      }
      current = null;
      executor.ended(this, work, System.nanoTime() - startNanos - blockedNanos);
    }
  }

  @Override
  public void enter() {
    blockedNanos -= System.nanoTime();
    executor.block(work());
  }

  @Override
  public void exit() {
    executor.resume(work());
    blockedNanos += System.nanoTime();
  }

  private Work work() {
    Work work = current;
    if (work == null || !Thread.currentThread().equals(thread)) {
      throw new IllegalStateException("not the guest's thread");
    }
    return work;
  }

  /// The next work, or null if this thread is to end.
  private @Nullable Work awaitWork() {
    long idleSinceNanos = System.nanoTime();
    while (true) {
      Work work = next.getAndSet(null);
      if (work != null) {
        return work;
      }
      if (retired) {
        return null;
      }
      long leftNanos = MAX_IDLE_NANOS - (System.nanoTime() - idleSinceNanos);
      if (leftNanos <= 0 && executor.dropIdle(this)) {
        return null;
      }
      LockSupport.parkNanos(this, Math.max(leftNanos, 1));
    }
  }

  /// A task, whose it is, and what place it has. The place is guarded by the executor's lock.
  static final class Work {
    private final GuestLane lane;
    private final GuestTask task;

    /// Whether it has a place; not while it waits in a host call.
    boolean hasPlace;

    /// Whether its place is one of those besides.
    boolean isBesides;

    Work(GuestLane lane, GuestTask task) {
      this.lane = lane;
      this.task = task;
    }

    GuestLane lane() {
      return lane;
    }

    GuestTask task() {
      return task;
    }
  }
}
