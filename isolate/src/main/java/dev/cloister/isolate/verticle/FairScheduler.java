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
   * Neither kind of lane can hold others up: a lane has at most half of what may run (which alone
   * saturates all cores), and a bounded share of the threads.
   *
   * [1] P. Goyal, H. Vin, H. Cheng: Start-time Fair Queuing, SIGCOMM 1996.
   */

  /// What a piece of work is debited before it is known how long it takes.
  static final long TURN_NANOS = 1_000_000;

  /// The most that a lane can be behind because of what it had before.
  static final long DEBT_NANOS = 500_000_000;

  private static final Comparator<GuestLane> LEAST_SERVED_FIRST =
      Comparator.<GuestLane>comparingLong(lane -> lane.servedNanos)
          .thenComparingLong(lane -> lane.number);

  private final int maxRunningPerLane;
  private final int maxThreadsPerLane;

  /// The lanes that have work waiting and may run more.
  private final TreeSet<GuestLane> ready = new TreeSet<>(LEAST_SERVED_FIRST);

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

  /// Takes the oldest work of `lane`, which has some, to be run.
  GuestTask start(GuestLane lane) {
    ready.remove(lane);
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
    ready.remove(lane);
    lane.running--;
    lane.threads--;
    lane.servedNanos += Math.max(0, ranNanos - TURN_NANOS);
    lane.servedNanos = Math.min(lane.servedNanos, floorNanos + DEBT_NANOS);
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
    } else {
      ready.remove(lane);
    }
  }
}
