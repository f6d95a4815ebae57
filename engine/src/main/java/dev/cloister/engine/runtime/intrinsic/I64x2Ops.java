package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors of two 64-bit integers that are not one of the JVM (Spec 4.3.6). See
/// [I8x16Ops].
@CalledByGeneratedCode
public final class I64x2Ops {

  private I64x2Ops() {}

  /// `i64x2.abs`.
  @CalledByGeneratedCode
  public static long abs(long a) {
    return Math.abs(a);
  }

  /// `i64x2.eq`.
  @CalledByGeneratedCode
  public static long eq(long a, long b) {
    return a == b ? -1 : 0;
  }

  /// `i64x2.ne`.
  @CalledByGeneratedCode
  public static long ne(long a, long b) {
    return a != b ? -1 : 0;
  }

  /// `i64x2.lt_s`.
  @CalledByGeneratedCode
  public static long ltS(long a, long b) {
    return a < b ? -1 : 0;
  }

  /// `i64x2.gt_s`.
  @CalledByGeneratedCode
  public static long gtS(long a, long b) {
    return a > b ? -1 : 0;
  }

  /// `i64x2.le_s`.
  @CalledByGeneratedCode
  public static long leS(long a, long b) {
    return a <= b ? -1 : 0;
  }

  /// `i64x2.ge_s`.
  @CalledByGeneratedCode
  public static long geS(long a, long b) {
    return a >= b ? -1 : 0;
  }

  /// `i64x2.all_true`.
  @CalledByGeneratedCode
  public static int allTrue(long low, long high) {
    return low != 0 && high != 0 ? 1 : 0;
  }

  /// `i64x2.bitmask`.
  @CalledByGeneratedCode
  public static int bitmask(long low, long high) {
    return (int) (low >>> 63 | high >>> 63 << 1);
  }

  /// {@return the low 32-bit lane of a half, sign-extended}
  @CalledByGeneratedCode
  public static long extendLowS(long a) {
    return (int) a;
  }

  /// {@return the low 32-bit lane of a half, zero-extended}
  @CalledByGeneratedCode
  public static long extendLowU(long a) {
    return a & 0xffff_ffffL;
  }

  /// {@return the product of the low 32-bit lanes of two halves, signed}
  @CalledByGeneratedCode
  public static long extmulLowS(long a, long b) {
    return extendLowS(a) * extendLowS(b);
  }

  /// {@return the product of the low 32-bit lanes of two halves, unsigned}
  @CalledByGeneratedCode
  public static long extmulLowU(long a, long b) {
    return extendLowU(a) * extendLowU(b);
  }

  /// {@return the high 32-bit lane of a half, sign-extended}
  @CalledByGeneratedCode
  public static long extendHighS(long a) {
    return a >> 32;
  }

  /// {@return the high 32-bit lane of a half, zero-extended}
  @CalledByGeneratedCode
  public static long extendHighU(long a) {
    return a >>> 32;
  }

  /// {@return the product of the high 32-bit lanes of two halves, signed}
  @CalledByGeneratedCode
  public static long extmulHighS(long a, long b) {
    return extendHighS(a) * extendHighS(b);
  }

  /// {@return the product of the high 32-bit lanes of two halves, unsigned}
  @CalledByGeneratedCode
  public static long extmulHighU(long a, long b) {
    return extendHighU(a) * extendHighU(b);
  }
}
