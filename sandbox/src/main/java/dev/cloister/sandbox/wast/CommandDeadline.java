package dev.cloister.sandbox.wast;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.runtime.Store;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Stops guest code that runs longer than any command of a script should. Any thread.
final class CommandDeadline implements AutoCloseable {
  private final long limitMillis;
  private final ScheduledExecutorService timer;

  CommandDeadline(Duration limit) {
    this.limitMillis = limit.toMillis();
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("script-deadline").factory());
    executor.setRemoveOnCancelPolicy(true);
    this.timer = executor;
  }

  /// Stops `store` after the limit, unless the watch is closed before.
  Watch watch(Store store) {
    ScheduledFuture<?> stop =
        timer.schedule(
            () -> store.requestStop(StopReason.DEADLINE), limitMillis, TimeUnit.MILLISECONDS);
    return () -> stop.cancel(/* mayInterruptIfRunning= */ false);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  /// The time one command has.
  @FunctionalInterface
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }
}
