package dev.cloister.engine.code;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The threads on which code is generated: daemons, in two groups of a fixed number each.
///
/// Somebody waits for a task of [#run]. Tasks of [#runLater] are work ahead of time, which may also
/// be left undone: they are done one by one between the others, and never on all threads, so that
/// nobody waits for more than a part of them. Both may take locks and define classes, and so may
/// wait for threads that define classes, too.
///
/// Those in turn hold the lock of a class while its bytes are made, by [#generate]. That has
/// threads of its own: else all threads could wait for a class whose bytes wait for a thread.
public final class CompileThreads implements AutoCloseable {
  /// Enough for blocks nested as deeply as modules may have them: only what is used is taken.
  private static final long STACK_BYTES = 256L << 20;

  private static final int MAX_LATER = 1_024;

  private static final class CompileThread extends Thread {
    CompileThread(Runnable task, int number) {
      super(null, task, "cloister-compile-" + number, STACK_BYTES);
      setDaemon(true);
    }
  }

  private final CompilationStatistics statistics = new CompilationStatistics();
  private final AtomicInteger started = new AtomicInteger();
  private final ExecutorService executor;
  private final ExecutorService generators;

  /// What is to be done ahead of time; what does not fit is dropped.
  private final BlockingQueue<Runnable> later = new LinkedBlockingQueue<>(MAX_LATER);

  /// A permit for each thread that may work ahead of time.
  private final Semaphore permits;

  /// Starts up to `count` threads of each group, as they are needed.
  public CompileThreads(int count) {
    ThreadFactory factory = task -> new CompileThread(task, started.incrementAndGet());
    executor = Executors.newFixedThreadPool(count, factory);
    generators = Executors.newFixedThreadPool(count, factory);
    permits = new Semaphore(count - 1);
  }

  /// {@return what the time goes into of all who compile with these threads}
  public CompilationStatistics statistics() {
    return statistics;
  }

  /// Runs a task on a compile thread and waits for it, without being interrupted.
  ///
  /// @throws RuntimeException what the task threw
  public <T extends @Nullable Object> T run(Callable<T> task) {
    return await(executor, task);
  }

  /// Makes the bytes of a class on a compile thread and waits for it, without being interrupted.
  /// The task takes no lock that anybody holds who waits for a compile thread.
  ///
  /// @throws RuntimeException what the task threw
  <T extends @Nullable Object> T generate(Callable<T> task) {
    return await(generators, task);
  }

  private static <T extends @Nullable Object> T await(ExecutorService executor, Callable<T> task) {
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

  /// Lets a compile thread do something that nobody waits for, but that is to be done.
  ///
  /// @param task must not throw
  /// @throws RejectedExecutionException if the threads have ended
  public void runSoon(Runnable task) {
    executor.execute(task);
  }

  /// Lets a compile thread do something when it has the time, if ever.
  ///
  /// @param task must not throw
  public void runLater(Runnable task) {
    if (later.offer(task)) {
      continueLater();
    }
  }

  private void continueLater() {
    if (!later.isEmpty() && permits.tryAcquire()) {
      try {
        executor.execute(this::runOneLater);
      } catch (RejectedExecutionException _) {
        // The threads have ended.
        permits.release();
      }
    }
  }

  private void runOneLater() {
    try {
      Runnable task = later.poll();
      if (task != null) {
        task.run();
      }
    } finally {
      permits.release();
      // Behind those that somebody waits for.
      continueLater();
    }
  }

  private static <T extends @Nullable Object> T call(Callable<T> task) {
    try {
      return task.call();
    } catch (Exception e) {
      throw rethrow(e);
    }
  }

  /// Throws what a task failed with.
  static RuntimeException rethrow(@Nullable Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case null, default -> new IllegalStateException("code generation failed", cause);
    };
  }

  /// Ends the threads. Whoever waits for a task that was not begun gets a `CancellationException`.
  @Override
  public void close() {
    for (ExecutorService group : List.of(executor, generators)) {
      for (Runnable task : group.shutdownNow()) {
        if (task instanceof Future<?> future) {
          future.cancel(/* mayInterruptIfRunning= */ false);
        }
      }
    }
  }
}
