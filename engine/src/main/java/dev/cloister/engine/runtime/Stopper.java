package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/// Makes the code of modules look whether their stores are to stop: one for each engine. Any
/// thread.
///
/// Stops are collected until the next tick. Then each module whose code runs in one of the stores
/// is *armed* once, however many stores there are, and stays armed until the last of them has left
/// the guest. As everybody who runs the module pays for an arming, see [StopSite], their number
/// within a window of time is limited: the module that was armed for the last time in its window
/// stays armed until there is room for one more. So no stop ever waits for the limit; the price is
/// that the module's code polls meanwhile.
public final class Stopper {
  private final StopPolicy policy;
  private final LongSupplier clock;
  private final Runnable wake;
  private final long startNanos;
  private final Object lock = new Object();

  /// What is to be prepared at the next tick.
  @GuardedBy("lock")
  private Set<Store> pending = new LinkedHashSet<>();

  @GuardedBy("lock")
  private long tickAtNanos;

  /// The sites that are armed, or that a store waits for.
  @GuardedBy("lock")
  private final Set<StopSite> active = new LinkedHashSet<>();

  @GuardedBy("lock")
  private long stops;

  @GuardedBy("lock")
  private long ticks;

  @GuardedBy("lock")
  private long armings;

  @GuardedBy("lock")
  private long polledInstances;

  /// Figures of this moment.
  ///
  /// @param stops how many guests were running when they were asked to stop
  /// @param ticks how often stops were prepared
  /// @param armings how often a module's code was made to look
  /// @param armed how many modules' code looks now
  /// @param polledInstances how many instances were made to run code that polls
  public record Figures(long stops, long ticks, long armings, int armed, long polledInstances) {}

  /// Makes a stopper with a thread of its own, which exists only while it has something to do.
  public static Stopper create(StopPolicy policy) {
    StopThread thread = new StopThread();
    Stopper stopper = new Stopper(policy, System::nanoTime, thread::wake);
    thread.serve(stopper::step);
    return stopper;
  }

  /// @param wake is run when [#step] is to be called as soon as possible
  Stopper(StopPolicy policy, LongSupplier clock, Runnable wake) {
    this.policy = policy;
    this.clock = clock;
    this.wake = wake;
    this.startNanos = clock.getAsLong();
  }

  StopPolicy policy() {
    return policy;
  }

  long nanoTime() {
    return clock.getAsLong();
  }

  /// {@return the figures now}
  public Figures figures() {
    synchronized (lock) {
      int armed = (int) active.stream().filter(site -> site.armed).count();
      return new Figures(stops, ticks, armings, armed, polledInstances);
    }
  }

  /// Notes that an instance in quarantine was made.
  public void countPolledInstance() {
    synchronized (lock) {
      polledInstances++;
    }
  }

  /// Notes that a running guest is asked to stop.
  void countStop() {
    synchronized (lock) {
      stops++;
    }
  }

  /// Lets the code that runs in a store look at the store's flag, from the next tick on.
  void request(Store store) {
    synchronized (lock) {
      if (pending.isEmpty()) {
        long now = nanoTime();
        tickAtNanos = now + policy.tickNanos() - (now - startNanos) % policy.tickNanos();
      }
      pending.add(store);
    }
    wake.run();
  }

  /// Notes that a store waits for what `site` looks at. By [Store#awaitCheck], from [#step].
  void await(StopSite site) {
    synchronized (lock) {
      site.waiting++;
      active.add(site);
    }
  }

  /// Ends what [#await] began, on the guest's thread.
  void release(StopSite site) {
    synchronized (lock) {
      if (--site.waiting > 0) {
        return;
      }
    }
    wake.run();
  }

  /// {@return whether a module must not be armed any more in this window}
  boolean isUsedUp(StopSite site, long nowNanos) {
    synchronized (lock) {
      return site.armings.isFull(nowNanos);
    }
  }

  /// Does what is due. One call at a time.
  ///
  /// @return nanoseconds until the next call at the latest; [StopThread#NEVER] if there is nothing
  ///   to wait for, [StopThread#UNTIL_WOKEN] if that will be told
  long step() {
    List<Store> due = List.of();
    synchronized (lock) {
      if (!pending.isEmpty() && nanoTime() - tickAtNanos >= 0) {
        due = List.copyOf(pending);
        pending = new LinkedHashSet<>();
        ticks++;
      }
    }
    // Not under the lock: a store that is left takes its own lock first.
    due.forEach(store -> store.awaitChecks(this));
    List<StopSite> toArm = new ArrayList<>();
    List<StopSite> toDisarm = new ArrayList<>();
    long now = nanoTime();
    synchronized (lock) {
      for (StopSite site : active) {
        if (site.waiting > 0 && !site.armed) {
          site.armed = true;
          site.armings.add(now);
          armings++;
          toArm.add(site);
        } else if (site.waiting == 0 && site.armed && !site.armings.isFull(now)) {
          site.armed = false;
          toDisarm.add(site);
        }
      }
      active.removeIf(site -> site.waiting == 0 && !site.armed);
    }
    StopSite.switchAll(toArm, toDisarm);
    return nanosUntilNext();
  }

  private long nanosUntilNext() {
    long now = nanoTime();
    synchronized (lock) {
      if (pending.isEmpty() && active.isEmpty()) {
        return StopThread.NEVER;
      }
      long wait = pending.isEmpty() ? StopThread.UNTIL_WOKEN : Math.max(0, tickAtNanos - now);
      for (StopSite site : active) {
        if (site.waiting == 0) {
          long left = site.armed ? site.armings.fullUntilNanos() - now : 0;
          wait = Math.min(wait, Math.max(0, left));
        }
      }
      return wait;
    }
  }
}
