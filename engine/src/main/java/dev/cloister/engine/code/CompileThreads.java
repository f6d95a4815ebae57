package dev.cloister.engine.code;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The threads on which code is generated: a fixed number of daemons.
public final class CompileThreads implements AutoCloseable {
  /// Enough for blocks nested as deeply as modules may have them: only what is used is taken.
  private static final long STACK_BYTES = 256L << 20;

  private static final class CompileThread extends Thread {
    CompileThread(Runnable task, int number) {
      super(null, task, "cloister-compile-" + number, STACK_BYTES);
      setDaemon(true);
    }
  }

  private final AtomicInteger started = new AtomicInteger();
  private final ExecutorService executor;

  /// Starts up to `count` threads, as they are needed.
  public CompileThreads(int count) {
    executor =
        Executors.newFixedThreadPool(
            count, task -> new CompileThread(task, started.incrementAndGet()));
  }

  /// Runs a task on a compile thread and waits for it, without being interrupted.
  ///
  /// @throws RuntimeException what the task threw
  <T extends @Nullable Object> T run(Callable<T> task) {
    if (Thread.currentThread() instanceof CompileThread) {
      return call(task);
    }
    Future<T> future = executor.submit(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException _) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw rethrow(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static <T extends @Nullable Object> T call(Callable<T> task) {
    try {
      return task.call();
    } catch (Exception e) {
      throw rethrow(e);
    }
  }

  private static RuntimeException rethrow(@Nullable Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case null, default -> new IllegalStateException("code generation failed", cause);
    };
  }

  /// Ends the threads. Whoever waits for a task that was not begun gets a `CancellationException`.
  @Override
  public void close() {
    for (Runnable task : executor.shutdownNow()) {
      if (task instanceof Future<?> future) {
        future.cancel(/* mayInterruptIfRunning= */ false);
      }
    }
  }
}
