package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// The thread of a [Stopper]. It ends when there was nothing to do for a while, so an engine needs
/// nobody to end it.
final class StopThread {
  /// There is nothing to do, and nothing that was begun is still to be ended.
  static final long NEVER = Long.MAX_VALUE;

  /// There is nothing to do until the thread is woken.
  static final long UNTIL_WOKEN = TimeUnit.DAYS.toNanos(1);

  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private LongSupplier step = () -> NEVER;

  @GuardedBy("lock")
  private boolean isRunning;

  @GuardedBy("lock")
  private boolean isWoken;

  /// Sets what it does, before it is woken for the first time.
  ///
  /// @param work tells how many nanoseconds to wait before the next call
  void serve(LongSupplier work) {
    step = work;
  }

  /// Lets it work soon. While something that was begun is still to be ended the thread exists, so
  /// it is not started then.
  void wake() {
    lock.lock();
    try {
      isWoken = true;
      if (isRunning) {
        changed.signal();
      } else {
        Thread.ofPlatform().daemon().name("cloister-stop").start(this::run);
        isRunning = true;
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (true) {
      long wait = step.getAsLong();
      lock.lock();
      try {
        long left = wait == NEVER ? IDLE_NANOS : wait;
        while (!isWoken && left > 0) {
          left = changed.awaitNanos(left);
        }
        if (!isWoken && wait == NEVER) {
          isRunning = false;
          return;
        }
        isWoken = false;
      } catch (InterruptedException _) {
        // Nobody has a reason to interrupt it, so it goes on.
      } finally {
        lock.unlock();
      }
    }
  }
}
