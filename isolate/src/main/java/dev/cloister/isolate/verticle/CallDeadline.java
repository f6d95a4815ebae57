package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The deadline of a call, which stands still while a debugger holds the guest. Any thread.
final class CallDeadline {
  private final DeadlineTimer timer;
  private final LongSupplier nanoTime;
  private final Runnable reached;
  private final Object lock = new Object();

  /// What keeps the deadline from coming; null while it does not come nearer.
  @GuardedBy("lock")
  private @Nullable Runnable cancellation;

  /// How much time was left when it last began to come nearer.
  @GuardedBy("lock")
  private long leftNanos;

  @GuardedBy("lock")
  private long startNanos;

  @GuardedBy("lock")
  private boolean running;

  @GuardedBy("lock")
  private boolean ended;

  /// Makes a deadline that does not come nearer yet.
  ///
  /// @param reached what to do when it comes, on the timer's thread
  CallDeadline(DeadlineTimer timer, LongSupplier nanoTime, long millis, Runnable reached) {
    this.timer = timer;
    this.nanoTime = nanoTime;
    this.reached = reached;
    this.leftNanos = TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /// Lets it come nearer, from the beginning or after [#pause].
  void start() {
    long millis;
    synchronized (lock) {
      if (ended || running) {
        return;
      }
      running = true;
      startNanos = nanoTime.getAsLong();
      millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(leftNanos));
    }
    Runnable scheduled = timer.guard(millis, reached);
    synchronized (lock) {
      if (running) {
        cancellation = scheduled;
        return;
      }
    }
    scheduled.run();
  }

  /// Lets it stand still until [#start].
  void pause() {
    stop(/* forGood= */ false);
  }

  /// Keeps it from coming for good.
  void end() {
    stop(/* forGood= */ true);
  }

  private void stop(boolean forGood) {
    Runnable cancelled;
    synchronized (lock) {
      ended |= forGood;
      if (!running) {
        return;
      }
      running = false;
      leftNanos -= nanoTime.getAsLong() - startNanos;
      cancelled = cancellation;
      cancellation = null;
    }
    if (cancelled != null) {
      cancelled.run();
    }
  }
}
