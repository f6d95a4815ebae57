package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// Comparisons as masks: all ones if they hold, else 0, without a branch.
///
/// A mask from the sign of a difference is one instruction less than the number 1 or 0, negated.
/// Those that do not hold where one of these does are missing: who selects by a mask can turn the
/// operands round instead.
@CalledByGeneratedCode
public final class Masks {
  private static final long LOW = 0xffff_ffffL;

  private Masks() {}

  /// `i32.eqz`.
  @CalledByGeneratedCode
  public static int eq(int a) {
    return (int) (((a & LOW) - 1) >> 63);
  }

  /// `i32.eq`.
  @CalledByGeneratedCode
  public static int eq(int a, int b) {
    return eq(a ^ b);
  }

  /// `i32.lt_s`.
  @CalledByGeneratedCode
  public static int lt(int a, int b) {
    return (int) (((long) a - b) >> 63);
  }

  /// `i32.gt_s`.
  @CalledByGeneratedCode
  public static int gt(int a, int b) {
    return lt(b, a);
  }

  /// `i32.lt_u`.
  @CalledByGeneratedCode
  public static int ltU(int a, int b) {
    return (int) (((a & LOW) - (b & LOW)) >> 63);
  }

  /// `i32.gt_u`.
  @CalledByGeneratedCode
  public static int gtU(int a, int b) {
    return ltU(b, a);
  }

  /// `i64.eq`: only 0 has its top bit clear and becomes negative by taking 1.
  @CalledByGeneratedCode
  public static int eq(long a, long b) {
    return (int) ((~(a ^ b) & ((a ^ b) - 1)) >> 63);
  }

  /// `i64.lt_s`: the sign of the difference, or that of `a` where the signs differ.
  @CalledByGeneratedCode
  public static int lt(long a, long b) {
    return (int) (((a & ~b) | (~(a ^ b) & (a - b))) >> 63);
  }

  /// `i64.gt_s`.
  @CalledByGeneratedCode
  public static int gt(long a, long b) {
    return lt(b, a);
  }

  /// `i64.lt_u`: the sign of the difference, or that of `b` where the signs differ.
  @CalledByGeneratedCode
  public static int ltU(long a, long b) {
    return (int) (((~a & b) | (~(a ^ b) & (a - b))) >> 63);
  }

  /// `i64.gt_u`.
  @CalledByGeneratedCode
  public static int gtU(long a, long b) {
    return ltU(b, a);
  }
}
