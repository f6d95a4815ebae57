package dev.cloister.isolate.verticle;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// The timer of a server: one daemon thread.
final class SystemDeadlineTimer implements DeadlineTimer {
  private final ScheduledThreadPoolExecutor executor =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("cloister-deadline").factory());

  SystemDeadlineTimer() {
    // Most deadlines are cancelled; they would otherwise stay until their time comes.
    executor.setRemoveOnCancelPolicy(true);
  }

  @Override
  public Runnable schedule(long delayMillis, Runnable task) {
    ScheduledFuture<?> scheduled = executor.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
    return () -> scheduled.cancel(/* mayInterruptIfRunning= */ false);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
