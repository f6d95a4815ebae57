package dev.cloister.engine;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;

/// Where a module is cut to be pushed in pieces, for the engine's self-test.
final class RandomCuts {
  private static final int ROUNDS = 4;

  private RandomCuts() {}

  /// {@return up to 16 ends of pieces, ascending, the last that of the module} They depend on the
  /// bytes alone, so a failure can be met again. As V8 does it: all, then each piece cut in two at
  /// any place, four times.
  static int[] of(byte[] bytes) {
    SplittableRandom random = new SplittableRandom(Arrays.hashCode(bytes));
    TreeSet<Integer> ends = new TreeSet<>();
    ends.add(bytes.length);
    for (int round = 0; round < ROUNDS; round++) {
      int from = 0;
      for (int to : ends.toArray(new Integer[0])) {
        if (to - from > 1) {
          ends.add(from + 1 + random.nextInt(to - from - 1));
        }
        from = to;
      }
    }
    return ends.stream().mapToInt(Integer::intValue).toArray();
  }
}
