package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/// How often guests of one isolate had to be stopped while they ran one module. Any thread.
///
/// It decides on quarantine: whether new instances run code of kind [CodeKind#POLLED], whose stops
/// nobody else on the module notices. The isolate is let out again as soon as too few of its stops
/// are recent.
public final class StopHistory {
  private final Stopper stopper;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final EventWindow stops;

  /// Begins a history without stops.
  public StopHistory(Stopper stopper) {
    this.stopper = stopper;
    StopPolicy policy = stopper.policy();
    this.stops = new EventWindow(policy.quarantineStops(), policy.quarantineWindowNanos());
  }

  /// Notes that a guest had to be stopped.
  void stopped() {
    long now = stopper.nanoTime();
    synchronized (lock) {
      stops.add(now);
    }
  }

  /// {@return whether new instances of the module are to run code that polls}
  ///
  /// Where the module was armed as often as it may be, one recent stop suffices: then many isolates
  /// have guests that need stopping, and none of them alone has many.
  ///
  /// @param site that of the module
  public boolean isQuarantined(StopSite site) {
    long now = stopper.nanoTime();
    synchronized (lock) {
      if (stops.isFull(now)) {
        return true;
      }
      if (!stops.hasAny(now)) {
        return false;
      }
    }
    return stopper.isUsedUp(site, now);
  }

  /// {@return whether it says no more than a new one}
  public boolean isForgotten() {
    long now = stopper.nanoTime();
    synchronized (lock) {
      return !stops.hasAny(now);
    }
  }
}
