package dev.cloister.isolate.verticle;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The timer of a server: one daemon thread.
final class SystemDeadlineTimer implements DeadlineTimer {
  /*
   * What is guarded stands in a set without order, which is looked through when the earliest of it
   * is due; so whoever adds and removes takes no lock and wakes no thread. When the next look is
   * due is known: whoever adds something that is due before has another look scheduled.
   *
   * A look first notes that none is planned and then goes through the set. What is added meanwhile
   * therefore either is seen or plans a look of its own. A look that is no longer the planned one
   * does nothing.
   */

  private static final long NOT_PLANNED = Long.MAX_VALUE;

  private final long epochNanos = System.nanoTime();
  private final Set<Guarded> guarded = ConcurrentHashMap.newKeySet();

  /// When the next look is due, in nanoseconds since the epoch.
  private final AtomicLong plannedNanos = new AtomicLong(NOT_PLANNED);

  private final ScheduledThreadPoolExecutor executor =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("cloister-deadline").factory());

  SystemDeadlineTimer() {
    // Most of what is scheduled is cancelled; it would otherwise stay until its time comes.
    executor.setRemoveOnCancelPolicy(true);
  }

  @Override
  public Runnable schedule(long delayMillis, Runnable task) {
    ScheduledFuture<?> scheduled = executor.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
    return () -> scheduled.cancel(/* mayInterruptIfRunning= */ false);
  }

  @Override
  public Runnable guard(long delayMillis, Runnable task) {
    Guarded added = new Guarded(nowNanos() + TimeUnit.MILLISECONDS.toNanos(delayMillis), task);
    guarded.add(added);
    plan(added.dueNanos);
    return added;
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  private long nowNanos() {
    return System.nanoTime() - epochNanos;
  }

  /// Sees to it that somebody looks at `dueNanos` or before.
  private void plan(long dueNanos) {
    while (true) {
      long planned = plannedNanos.get();
      if (planned <= dueNanos || executor.isShutdown()) {
        return;
      }
      if (plannedNanos.compareAndSet(planned, dueNanos)) {
        long delayNanos = Math.max(0, dueNanos - nowNanos());
        ScheduledFuture<?> _ =
            executor.schedule(() -> look(dueNanos), delayNanos, TimeUnit.NANOSECONDS);
        return;
      }
    }
  }

  @SuppressWarnings("ModifyCollectionInEnhancedForLoop") // This set lets it be modified.
  private void look(long dueNanos) {
    if (!plannedNanos.compareAndSet(dueNanos, NOT_PLANNED)) {
      return;
    }
    long nowNanos = nowNanos();
    long nextNanos = NOT_PLANNED;
    for (Guarded one : guarded) {
      if (one.dueNanos > nowNanos) {
        nextNanos = Math.min(nextNanos, one.dueNanos);
      } else if (guarded.remove(one)) {
        one.task.run();
      }
    }
    if (nextNanos != NOT_PLANNED) {
      // Not more often than every millisecond, however many there are.
      plan(Math.max(nextNanos, nowNanos + TimeUnit.MILLISECONDS.toNanos(1)));
    }
  }

  /// Something that is to run unless it is kept from it, by running this.
  private final class Guarded implements Runnable {
    private final long dueNanos;
    private final Runnable task;

    Guarded(long dueNanos, Runnable task) {
      this.dueNanos = dueNanos;
      this.task = task;
    }

    @Override
    public void run() {
      guarded.remove(this);
    }

    /// Cheaper than the one that every object has.
    @Override
    public int hashCode() {
      return Long.hashCode(dueNanos);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // each is itself
    public boolean equals(@Nullable Object other) {
      return this == other;
    }
  }
}
