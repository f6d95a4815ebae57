package dev.cloister.isolate.verticle;

import java.util.LinkedHashSet;
import java.util.Set;

/// One tenant's place among the guests: what waits, how much runs, how much it has had.
///
/// Data of the [FairScheduler], guarded by its owner's lock.
final class GuestLane {
  /// Breaks ties between lanes that have had the same; unique.
  final long number;

  /// What waits, oldest first.
  final Set<GuestTask> waiting = new LinkedHashSet<>();

  /// Guests that run, without those that wait in a host call.
  int running;

  /// Guests that have a thread.
  int threads;

  /// The guest time that it has had, on the scheduler's virtual clock.
  long servedNanos;

  /// How long its work ran of late, on average; -1 before any ended.
  long meanNanos = -1;

  GuestLane(long number) {
    this.number = number;
  }
}
