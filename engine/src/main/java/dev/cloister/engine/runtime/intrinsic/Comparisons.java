package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// Comparisons as numbers: 1 if they hold, else 0, without a branch (Spec 4.3.2).
@CalledByGeneratedCode
public final class Comparisons {
  private static final long LOW = 0xffff_ffffL;

  private Comparisons() {}

  /// {@return 1 if `a` is 0, else 0}
  @CalledByGeneratedCode
  public static int eq(int a) {
    return (int) (((a & LOW) - 1) >>> 63);
  }

  /// {@return 1 if `a` is not 0, else 0}
  @CalledByGeneratedCode
  public static int ne(int a) {
    return (int) (-(a & LOW) >>> 63);
  }

  /// `i32.eq`.
  @CalledByGeneratedCode
  public static int eq(int a, int b) {
    return eq(a ^ b);
  }

  /// `i32.ne`.
  @CalledByGeneratedCode
  public static int ne(int a, int b) {
    return ne(a ^ b);
  }

  /// `i32.lt_s`.
  @CalledByGeneratedCode
  public static int lt(int a, int b) {
    return (int) (((long) a - b) >>> 63);
  }

  /// `i32.ge_s`.
  @CalledByGeneratedCode
  public static int ge(int a, int b) {
    return (int) (~((long) a - b) >>> 63);
  }

  /// `i32.gt_s`.
  @CalledByGeneratedCode
  public static int gt(int a, int b) {
    return lt(b, a);
  }

  /// `i32.le_s`.
  @CalledByGeneratedCode
  public static int le(int a, int b) {
    return ge(b, a);
  }

  /// `i32.lt_u`.
  @CalledByGeneratedCode
  public static int ltU(int a, int b) {
    return (int) (((a & LOW) - (b & LOW)) >>> 63);
  }

  /// `i32.ge_u`.
  @CalledByGeneratedCode
  public static int geU(int a, int b) {
    return (int) (~((a & LOW) - (b & LOW)) >>> 63);
  }

  /// `i32.gt_u`.
  @CalledByGeneratedCode
  public static int gtU(int a, int b) {
    return ltU(b, a);
  }

  /// `i32.le_u`.
  @CalledByGeneratedCode
  public static int leU(int a, int b) {
    return geU(b, a);
  }

  /// {@return the lesser of two unsigned numbers}
  @CalledByGeneratedCode
  public static int minU(int a, int b) {
    return (int) Math.min(a & LOW, b & LOW);
  }

  /// {@return the greater of two unsigned numbers}
  @CalledByGeneratedCode
  public static int maxU(int a, int b) {
    return (int) Math.max(a & LOW, b & LOW);
  }

  /// `i64.eq`.
  @CalledByGeneratedCode
  public static int eq(long a, long b) {
    return Long.numberOfLeadingZeros(a ^ b) >>> 6;
  }

  /// `i64.ne`.
  @CalledByGeneratedCode
  public static int ne(long a, long b) {
    return (int) (((a ^ b) | -(a ^ b)) >>> 63);
  }

  /// `i64.lt_s`: the sign of the difference, or that of `a` where the signs differ.
  @CalledByGeneratedCode
  public static int lt(long a, long b) {
    return (int) (((a & ~b) | (~(a ^ b) & (a - b))) >>> 63);
  }

  /// `i64.ge_s`.
  @CalledByGeneratedCode
  public static int ge(long a, long b) {
    return lt(a, b) ^ 1;
  }

  /// `i64.gt_s`.
  @CalledByGeneratedCode
  public static int gt(long a, long b) {
    return lt(b, a);
  }

  /// `i64.le_s`.
  @CalledByGeneratedCode
  public static int le(long a, long b) {
    return lt(b, a) ^ 1;
  }

  /// `i64.lt_u`: the sign of the difference, or that of `b` where the signs differ.
  @CalledByGeneratedCode
  public static int ltU(long a, long b) {
    return (int) (((~a & b) | (~(a ^ b) & (a - b))) >>> 63);
  }

  /// `i64.ge_u`.
  @CalledByGeneratedCode
  public static int geU(long a, long b) {
    return ltU(a, b) ^ 1;
  }

  /// `i64.gt_u`.
  @CalledByGeneratedCode
  public static int gtU(long a, long b) {
    return ltU(b, a);
  }

  /// `i64.le_u`.
  @CalledByGeneratedCode
  public static int leU(long a, long b) {
    return ltU(b, a) ^ 1;
  }
}
