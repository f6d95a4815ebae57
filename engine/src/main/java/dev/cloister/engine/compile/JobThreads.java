package dev.cloister.engine.compile;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// The threads on which jobs whose caller goes on are worked at: a fixed number of daemons, which
/// end when there is nothing to do. How many jobs may wait is bounded by [CompileJobs].
public final class JobThreads implements AutoCloseable {
  private static final long IDLE_SECONDS = 5;

  private final AtomicInteger started = new AtomicInteger();
  private final ThreadPoolExecutor executor;

  /// Creates up to `count` threads, as they are needed.
  public JobThreads(int count) {
    executor =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            this::thread);
    executor.allowCoreThreadTimeOut(true);
  }

  private Thread thread(Runnable task) {
    Thread thread = new Thread(task, "cloister-compile-job-" + started.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }

  /// Lets a thread run `task`, or the current one if the threads have ended: then a job was
  /// cancelled, and there is nothing to do but to say so.
  public void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException _) {
      task.run();
    }
  }

  /// Ends the threads when they have done what is there; their jobs were cancelled before.
  @Override
  public void close() {
    executor.shutdown();
  }
}
