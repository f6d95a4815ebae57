package dev.cloister.bench.mode;

import dev.cloister.bench.report.Statistics;
import java.util.ArrayList;
import java.util.List;

/// Runs a guest until it is as fast as it gets, and finds how many passes make a sample.
final class WarmUp {
  /// A sample of the warm-up is a tenth of the time that it is to take.
  private static final int WINDOWS = 10;

  /// Steady: the last windows differ from those before by no more than this.
  private static final double TOLERANCE = 0.03;

  private static final int COMPARED = 5;

  private static final int MAX_INCREASE = 8;

  /// What warming up found.
  ///
  /// @param passes in one sample
  /// @param isSteady false if it was still getting faster when the time was over
  record Outcome(int passes, boolean isSteady) {}

  private WarmUp() {}

  static Outcome run(Guest guest, Settings settings) {
    double windowNanos = settings.warmUpCpuMillis() * 1e6 / WINDOWS;
    long end = System.nanoTime() + settings.warmUpWallMillis() * 1_000_000L;
    List<Double> perPass = new ArrayList<>();
    double spent = 0;
    int passes = 1;
    boolean isSteady = false;
    while (!isSteady && (System.nanoTime() - end < 0 || perPass.isEmpty())) {
      double cpu = guest.repeat(passes).cpu();
      spent += cpu;
      perPass.add(cpu / passes);
      // Step by step: clocks of CPU time may tick too slowly for a short window, and show nothing.
      passes = Math.min(passesFor(windowNanos, cpu / passes), passes * MAX_INCREASE);
      isSteady = spent >= settings.warmUpCpuMillis() * 1e6 && isSteady(perPass);
    }
    double last = median(perPass.subList(Math.max(0, perPass.size() - COMPARED), perPass.size()));
    return new Outcome(passesFor(settings.sampleMillis() * 1e6, last), isSteady);
  }

  private static int passesFor(double nanos, double nanosPerPass) {
    return (int) Math.clamp(nanos / Math.max(nanosPerPass, 1), 1, 10_000_000);
  }

  private static boolean isSteady(List<Double> perPass) {
    int size = perPass.size();
    if (size < 2 * COMPARED) {
      return false;
    }
    double now = median(perPass.subList(size - COMPARED, size));
    double before = median(perPass.subList(size - 2 * COMPARED, size - COMPARED));
    return now >= before * (1 - TOLERANCE);
  }

  private static double median(List<Double> samples) {
    return Statistics.median(samples.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
