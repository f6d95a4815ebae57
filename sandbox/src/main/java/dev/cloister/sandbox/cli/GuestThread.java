package dev.cloister.sandbox.cli;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.Store;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Runs a guest on a thread of its own: with a stack whose size does not depend on the shell's
/// limits, and so that a guest which waits in a host call cannot outlive its time.
final class GuestThread {
  private static final long STACK_BYTES = 64L << 20;
  private static final long GRACE_MILLIS = 1_000;

  private GuestThread() {}

  /// Runs `guest` and waits for its end.
  ///
  /// @param store what the guest runs in; stopped when the time is over
  /// @param timeout null for no limit
  /// @throws StoppedException with the reason deadline when the time is over; the thread may live
  ///   on then if it waits in a host call that cannot be interrupted
  static <T> T run(Store store, @Nullable Duration timeout, Callable<T> guest) {
    FutureTask<T> task = new FutureTask<>(guest);
    Thread thread = new Thread(null, task, "guest", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    try {
      return timeout == null ? task.get() : await(task, thread, store, timeout);
    } catch (InterruptedException interrupt) {
      store.requestStop(StopReason.CANCELLED);
      Thread.currentThread().interrupt();
      throw new StoppedException(StopReason.CANCELLED);
    } catch (ExecutionException end) {
      Throwable cause = end.getCause();
      if (cause instanceof RuntimeException fault) {
        throw fault;
      }
      if (cause instanceof Error fault) {
        throw fault;
      }
      throw new IllegalStateException(cause);
    }
  }

  private static <T> T await(FutureTask<T> task, Thread thread, Store store, Duration timeout)
      throws InterruptedException, ExecutionException {
    try {
      return task.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      store.requestStop(StopReason.DEADLINE);
      thread.interrupt();
      thread.join(GRACE_MILLIS);
      throw new StoppedException(StopReason.DEADLINE);
    }
  }
}
