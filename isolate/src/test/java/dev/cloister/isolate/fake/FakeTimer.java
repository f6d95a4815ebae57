package dev.cloister.isolate.fake;

import dev.cloister.isolate.verticle.DeadlineTimer;
import java.util.ArrayList;
import java.util.List;

/// A timer whose time comes when a test says so.
public final class FakeTimer implements DeadlineTimer {
  private final List<Scheduled> scheduled = new ArrayList<>();

  /// Makes an empty one.
  public FakeTimer() {}

  @Override
  public synchronized Runnable schedule(long delayMillis, Runnable task) {
    Scheduled entry = new Scheduled(delayMillis, task);
    scheduled.add(entry);
    return () -> cancel(entry);
  }

  /// Runs everything that is scheduled.
  public void fire() {
    List<Scheduled> due;
    synchronized (this) {
      due = new ArrayList<>(scheduled);
      scheduled.clear();
    }
    due.forEach(entry -> entry.task.run());
  }

  /// The delays of what is scheduled.
  public synchronized List<Long> delaysMillis() {
    return scheduled.stream().map(entry -> entry.delayMillis).toList();
  }

  @Override
  public void close() {}

  private synchronized void cancel(Scheduled entry) {
    scheduled.remove(entry);
  }

  /// Equal to itself only.
  private static final class Scheduled {
    private final long delayMillis;
    private final Runnable task;

    Scheduled(long delayMillis, Runnable task) {
      this.delayMillis = delayMillis;
      this.task = task;
    }
  }
}
