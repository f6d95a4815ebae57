package dev.cloister.isolate.verticle;

import java.util.Comparator;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Decides whose work runs next: that of the tenant that has had the least.
///
/// Not thread-safe: its owner guards it and the lanes with one lock.
final class FairScheduler {
  /*
   * Start-time fair queueing [1] over wall time. Each lane has a virtual clock of the guest time
   * that it has had; the ready lane whose clock shows least is served. A lane is debited one turn
   * when its work starts, so that lanes of equal history alternate, and the rest when the work
   * ends.
   *
   * A lane that was idle must not save its time up, so when it becomes ready its clock is set
   * forward to the floor, the clock of the lane served last. And a lane that had a long turn while
   * nobody else wanted one must not pay for it forever, so its clock is at most one DEBT ahead of
   * the floor.
   *
   * A lane whose work has been short of late is *brief*. What runs cannot be interrupted to let
   * another run, so a place may be taken for as long as the longest deadline; brief lanes can be
   * served beyond the places that there are, see GuestExecutor.
   *
   * Neither kind of lane can hold others up: a lane has at most half of what may run (which alone
   * saturates all cores), and a bounded share of the threads.
   *
   * [1] P. Goyal, H. Vin, H. Cheng: Start-time Fair Queuing, SIGCOMM 1996.
   */

  /// What a piece of work is debited before it is known how long it takes.
  static final long TURN_NANOS = 1_000_000;

  /// What a piece of work is debited at least: to hand it to a thread is work, too.
  static final long LEAST_NANOS = 20_000;

  /// Lanes whose work runs for less than this on average are brief.
  static final long BRIEF_NANOS = 10_000_000;

  /// One part in so many of the average is the newest.
  private static final int MEAN_SPAN = 8;

  /// The most that a lane can be behind because of what it had before.
  static final long DEBT_NANOS = 500_000_000;

  private static final Comparator<GuestLane> LEAST_SERVED_FIRST =
      Comparator.<GuestLane>comparingLong(lane -> lane.servedNanos)
          .thenComparingLong(lane -> lane.number);

  private final int maxRunningPerLane;
  private final int maxThreadsPerLane;

  /// The lanes that have work waiting and may run more.
  private final TreeSet<GuestLane> ready = new TreeSet<>(LEAST_SERVED_FIRST);

  /// Those of them that are brief.
  private final TreeSet<GuestLane> readyBrief = new TreeSet<>(LEAST_SERVED_FIRST);

  private long floorNanos;

  FairScheduler(int maxRunningPerLane, int maxThreadsPerLane) {
    this.maxRunningPerLane = maxRunningPerLane;
    this.maxThreadsPerLane = maxThreadsPerLane;
  }

  /// Lets `task` wait.
  void add(GuestLane lane, GuestTask task) {
    boolean wasIdle = lane.waiting.isEmpty() && lane.threads == 0;
    lane.waiting.add(task);
    if (wasIdle) {
      lane.servedNanos = Math.clamp(lane.servedNanos, floorNanos, floorNanos + DEBT_NANOS);
    }
    updateReady(lane);
  }

  /// Takes `task` out; returns whether it was waiting.
  boolean remove(GuestLane lane, GuestTask task) {
    boolean wasWaiting = lane.waiting.remove(task);
    updateReady(lane);
    return wasWaiting;
  }

  /// The lane to be served next, or null if none may be.
  @Nullable GuestLane next() {
    return ready.isEmpty() ? null : ready.first();
  }

  /// The brief lane to be served next, or null if none may be.
  @Nullable GuestLane nextBrief() {
    return readyBrief.isEmpty() ? null : readyBrief.first();
  }

  /// Takes the oldest work of `lane`, which has some, to be run.
  GuestTask start(GuestLane lane) {
    removeReady(lane);
    floorNanos = Math.max(floorNanos, lane.servedNanos);
    GuestTask task = lane.waiting.iterator().next();
    lane.waiting.remove(task);
    lane.running++;
    lane.threads++;
    lane.servedNanos += TURN_NANOS;
    updateReady(lane);
    return task;
  }

  /// Notes that work of `lane` has ended after `ranNanos` of running.
  void end(GuestLane lane, long ranNanos) {
    removeReady(lane);
    lane.running--;
    lane.threads--;
    lane.servedNanos += Math.max(LEAST_NANOS, ranNanos) - TURN_NANOS;
    lane.servedNanos = Math.min(lane.servedNanos, floorNanos + DEBT_NANOS);
    lane.meanNanos =
        lane.meanNanos < 0 ? ranNanos : lane.meanNanos + (ranNanos - lane.meanNanos) / MEAN_SPAN;
    updateReady(lane);
  }

  /// Notes that running work of `lane` waits in a host call.
  void block(GuestLane lane) {
    lane.running--;
    updateReady(lane);
  }

  /// Notes that such work goes on.
  void resume(GuestLane lane) {
    lane.running++;
    updateReady(lane);
  }

  private void updateReady(GuestLane lane) {
    if (!lane.waiting.isEmpty()
        && lane.running < maxRunningPerLane
        && lane.threads < maxThreadsPerLane) {
      ready.add(lane);
      if (isBrief(lane)) {
        readyBrief.add(lane);
      }
    } else {
      removeReady(lane);
    }
  }

  /// Before anything changes by which lanes are ordered.
  private void removeReady(GuestLane lane) {
    ready.remove(lane);
    readyBrief.remove(lane);
  }

  /// Whether the work of `lane` has been short of late.
  boolean isBrief(GuestLane lane) {
    return lane.meanNanos >= 0 && lane.meanNanos < BRIEF_NANOS;
  }
}
