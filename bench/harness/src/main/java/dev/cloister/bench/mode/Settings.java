package dev.cloister.bench.mode;

import java.nio.file.Path;

/// How much time a run takes. Nothing here is chosen for a workload: how often a pass is repeated
/// in a sample is found by trying.
///
/// @param warmUpCpuMillis CPU time before anything counts, at least
/// @param warmUpWallMillis time of the wall after which a workload counts though it may not be
///   steady
/// @param rounds samples of each cell; in one round every engine has its turn
/// @param sampleMillis CPU time of one sample, about
/// @param patienceSeconds how long one command to a worker may take
/// @param deadlineNanos on the scale of `System.nanoTime()`; no workload is begun after it
/// @param log where workers write what they have to say
public record Settings(
    int warmUpCpuMillis,
    int warmUpWallMillis,
    int rounds,
    int sampleMillis,
    int patienceSeconds,
    long deadlineNanos,
    Path log) {
  /// {@return whether no further workload is to be begun}
  boolean isOver() {
    return System.nanoTime() - deadlineNanos > 0;
  }
}
