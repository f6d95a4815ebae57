package dev.cloister.engine.runtime;

/// A check for room on the Java stack before work that must not be cut short by its overflow.
///
/// A stack overflow may strike at any call. Code of ours that takes locks, charges accounts or
/// changes anything shared therefore probes first: either the probe overflows, before anything was
/// changed, or the work has the room it needs. The overflow itself is caught at the border of the
/// guest and becomes the trap `call stack exhausted`.
@CalledByGeneratedCode
public final class StackGuard {
  /// The number of probing frames; each has at least 520 bytes of locals.
  private static final int FRAMES = 48;

  /// Of those, enough for a few calls that call nothing.
  private static final int BRIEF_FRAMES = 8;

  private StackGuard() {}

  /// Throws [StackOverflowError] unless about 24 KiB of stack are left.
  @CalledByGeneratedCode
  public static void probe() {
    frame(FRAMES, 0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
  }

  /// Throws [StackOverflowError] unless there is room for entering and leaving a store: a sixth of
  /// what [#probe] looks for, in a sixth of its time. Each call of a guest does it.
  static void probeBriefly() {
    frame(BRIEF_FRAMES, 0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
  }

  /*
   * The arguments differ in each frame and are used after the call returns, so that neither
   * compiler can drop the frame or turn the recursion into a loop.
   */
  private static long frame(
      int depth, long a, long b, long c, long d, long e, long f, long g, long h) {
    if (depth == 0) {
      return a ^ h;
    }
    long i = a + depth;
    long j = b + i;
    long k = c + j;
    long l = d + k;
    long m = e + l;
    long n = f + m;
    long o = g + n;
    long p = h + o;
    long below = frame(depth - 1, i, j, k, l, m, n, o, p);
    return below ^ i ^ (j << 1) ^ (k << 2) ^ (l << 3) ^ (m << 4) ^ (n << 5) ^ (o << 6) ^ (p << 7)
        ^ a ^ (b << 1) ^ (c << 2) ^ (d << 3) ^ (e << 4) ^ (f << 5) ^ (g << 6) ^ (h << 7);
  }
}
