package dev.cloister.bench.mode;

import dev.cloister.bench.report.Statistics;
import dev.cloister.bench.worker.JitVerdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One guest from the binary until it is as fast as it gets: what each pass took, and what had been
/// spent at its end. Times are in nanoseconds.
final class WarmUpCurve {
  /// Fast enough: no more than this above the final speed, in ratio.
  private static final double FAST = 1.5;

  /// Of the passes in the last two of these parts of the time the medians must agree.
  private static final int PARTS = 4;

  private static final double TOLERANCE = 0.05;

  /// From this part of the guest's own CPU time on the process is busy with something else.
  private static final double BUSY = 0.1;

  /// Fewer passes than this in a part tell nothing.
  private static final int FEWEST = 3;

  /// A window has at least so many passes, and takes at least so long.
  private static final int WINDOW_PASSES = 5;

  private static final double WINDOW_NANOS = 1e8;

  /// What a pass took, and what had been spent at its end.
  private record Pass(double nanos, double guestCpu, double wallEnd, double processCpuEnd) {}

  private final List<Pass> passes = new ArrayList<>();
  private @Nullable JitVerdict verdict;

  /// Adds a pass; the first one is everything from the binary to the first result.
  ///
  /// @param processCpu of the process since the beginning
  void add(Guest.Times times, double processCpu) {
    // The CPU time of a thread is never more than either; some workers know that of the process.
    double nanos = Math.min(times.cpu(), times.wall());
    passes.add(new Pass(nanos, times.cpu(), wallNanos() + times.wall(), processCpu));
  }

  void judge(JitVerdict seen) {
    verdict = seen;
  }

  @Nullable JitVerdict verdict() {
    return verdict;
  }

  /// {@return the time since the beginning, without pauses between passes}
  double wallNanos() {
    return passes.isEmpty() ? 0 : passes.getLast().wallEnd();
  }

  /// {@return whether passes no longer get faster and nothing goes on beside them}
  boolean isOver() {
    List<Pass> before = part(PARTS - 2);
    List<Pass> last = part(PARTS - 1);
    if (before.size() < FEWEST || last.size() < FEWEST) {
      return false;
    }
    double guestCpu = last.stream().mapToDouble(Pass::guestCpu).sum();
    double processCpu = last.getLast().processCpuEnd() - before.getLast().processCpuEnd();
    return median(last) >= median(before) * (1 - TOLERANCE) && processCpu <= guestCpu * (1 + BUSY);
  }

  /// {@return the passes that ended in a part of the time, but for the first}
  private List<Pass> part(int index) {
    double from = wallNanos() / PARTS * index;
    double to = wallNanos() / PARTS * (index + 1);
    return passes.stream()
        .skip(1)
        .filter(pass -> pass.wallEnd() > from && pass.wallEnd() <= to * (1 + 1e-12))
        .toList();
  }

  double firstNanos() {
    return passes.getFirst().wallEnd();
  }

  double finalNanos() {
    List<Pass> last = part(PARTS - 1);
    return last.isEmpty() ? passes.getLast().nanos() : median(last);
  }

  /// {@return the time of the wall until passes were fast}
  double fastWallNanos() {
    return passes.get(lastSlow()).wallEnd();
  }

  /// {@return the CPU time of the process until passes were fast}
  double fastCpuNanos() {
    return passes.get(lastSlow()).processCpuEnd();
  }

  /// {@return how long the JVM's interpreter executed the guest's code, if that was watched}
  double interpretedNanos() {
    double cpu = passes.stream().mapToDouble(Pass::nanos).sum();
    return verdict == null ? 0 : cpu * verdict.interpretedShare();
  }

  /// The last slow pass of the last window that is slow as a whole, or of those that the guest
  /// begins with: single slow ones among fast ones, as collections of garbage make them, do not
  /// count.
  private int lastSlow() {
    double bound = finalNanos() * FAST;
    int last = 0;
    while (last + 1 < passes.size() && passes.get(last + 1).nanos() > bound) {
      last++;
    }
    int from = 1;
    for (int i = 1; i < passes.size(); i++) {
      double nanos = passes.get(i).wallEnd() - passes.get(from - 1).wallEnd();
      if (i - from + 1 >= WINDOW_PASSES && nanos >= WINDOW_NANOS) {
        if (median(passes.subList(from, i + 1)) > bound) {
          last = Math.max(last, lastSlow(from, i, bound));
        }
        from = i + 1;
      }
    }
    return last;
  }

  private int lastSlow(int from, int to, double bound) {
    int last = to;
    while (last > from && passes.get(last).nanos() <= bound) {
      last--;
    }
    return last;
  }

  private static double median(List<Pass> some) {
    return Statistics.median(some.stream().mapToDouble(Pass::nanos).toArray());
  }
}
