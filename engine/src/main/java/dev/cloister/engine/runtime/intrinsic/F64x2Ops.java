package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors of two 64-bit floats (Spec 4.3.6). See [I8x16Ops] and [FloatOps].
@CalledByGeneratedCode
public final class F64x2Ops {

  private F64x2Ops() {}

  /// `f64x2.eq`.
  @CalledByGeneratedCode
  public static long eq(long a, long b) {
    return lane(a) == lane(b) ? -1 : 0;
  }

  /// `f64x2.ne`.
  @CalledByGeneratedCode
  public static long ne(long a, long b) {
    return lane(a) != lane(b) ? -1 : 0;
  }

  /// `f64x2.lt`.
  @CalledByGeneratedCode
  public static long lt(long a, long b) {
    return lane(a) < lane(b) ? -1 : 0;
  }

  /// `f64x2.gt`.
  @CalledByGeneratedCode
  public static long gt(long a, long b) {
    return lane(a) > lane(b) ? -1 : 0;
  }

  /// `f64x2.le`.
  @CalledByGeneratedCode
  public static long le(long a, long b) {
    return lane(a) <= lane(b) ? -1 : 0;
  }

  /// `f64x2.ge`.
  @CalledByGeneratedCode
  public static long ge(long a, long b) {
    return lane(a) >= lane(b) ? -1 : 0;
  }

  /// `f64x2.abs`.
  @CalledByGeneratedCode
  public static long abs(long a) {
    return a & Long.MAX_VALUE;
  }

  /// `f64x2.neg`.
  @CalledByGeneratedCode
  public static long neg(long a) {
    return a ^ Long.MIN_VALUE;
  }

  /// `f64x2.ceil`.
  @CalledByGeneratedCode
  public static long ceil(long a) {
    return bits(FloatOps.ceil(lane(a)));
  }

  /// `f64x2.floor`.
  @CalledByGeneratedCode
  public static long floor(long a) {
    return bits(FloatOps.floor(lane(a)));
  }

  /// `f64x2.trunc`.
  @CalledByGeneratedCode
  public static long trunc(long a) {
    return bits(FloatOps.trunc(lane(a)));
  }

  /// `f64x2.nearest`.
  @CalledByGeneratedCode
  public static long nearest(long a) {
    return bits(FloatOps.nearest(lane(a)));
  }

  /// `f64x2.sqrt`.
  @CalledByGeneratedCode
  public static long sqrt(long a) {
    return bits(Math.sqrt(lane(a)));
  }

  /// `f64x2.add`.
  @CalledByGeneratedCode
  public static long add(long a, long b) {
    return bits(lane(a) + lane(b));
  }

  /// `f64x2.sub`.
  @CalledByGeneratedCode
  public static long sub(long a, long b) {
    return bits(lane(a) - lane(b));
  }

  /// `f64x2.mul`.
  @CalledByGeneratedCode
  public static long mul(long a, long b) {
    return bits(lane(a) * lane(b));
  }

  /// `f64x2.div`.
  @CalledByGeneratedCode
  public static long div(long a, long b) {
    return bits(lane(a) / lane(b));
  }

  /// `f64x2.min`.
  @CalledByGeneratedCode
  public static long min(long a, long b) {
    return bits(FloatOps.min(lane(a), lane(b)));
  }

  /// `f64x2.max`.
  @CalledByGeneratedCode
  public static long max(long a, long b) {
    return bits(FloatOps.max(lane(a), lane(b)));
  }

  /// `f64x2.pmin`.
  @CalledByGeneratedCode
  public static long pmin(long a, long b) {
    return lane(b) < lane(a) ? b : a;
  }

  /// `f64x2.pmax`.
  @CalledByGeneratedCode
  public static long pmax(long a, long b) {
    return lane(a) < lane(b) ? b : a;
  }

  /// `f64x2.relaxed_madd`: two roundings, as a fused one is slow where the machine has none.
  @CalledByGeneratedCode
  public static long relaxedMadd(long a, long b, long c) {
    return add(mul(a, b), c);
  }

  /// `f64x2.relaxed_nmadd`: two roundings.
  @CalledByGeneratedCode
  public static long relaxedNmadd(long a, long b, long c) {
    return sub(c, mul(a, b));
  }

  /// {@return one half of `f64x2.splat`}
  @CalledByGeneratedCode
  public static long splat(double a) {
    return bits(a);
  }

  /// {@return the low i32 of a half, signed, as a float}
  @CalledByGeneratedCode
  public static long convertLowS(long a) {
    return bits((int) a);
  }

  /// {@return the low i32 of a half, unsigned, as a float}
  @CalledByGeneratedCode
  public static long convertLowU(long a) {
    return bits((double) (a & 0xffff_ffffL));
  }

  /// {@return the low f32 of a half as an f64}
  @CalledByGeneratedCode
  public static long promoteLow(long a) {
    return bits(F32x4Ops.low(a));
  }

  /// {@return the high i32 of a half, signed, as a float}
  @CalledByGeneratedCode
  public static long convertHighS(long a) {
    return bits((int) (a >>> 32));
  }

  /// {@return the high i32 of a half, unsigned, as a float}
  @CalledByGeneratedCode
  public static long convertHighU(long a) {
    return bits((double) (a >>> 32));
  }

  /// {@return the high f32 of a half as an f64}
  @CalledByGeneratedCode
  public static long promoteHigh(long a) {
    return bits(F32x4Ops.high(a));
  }

  private static double lane(long a) {
    return Double.longBitsToDouble(a);
  }

  private static long bits(double a) {
    return Double.doubleToRawLongBits(a);
  }
}
