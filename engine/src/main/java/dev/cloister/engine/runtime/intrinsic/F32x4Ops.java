package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors of four 32-bit floats (Spec 4.3.6). See [I8x16Ops] and [FloatOps].
@CalledByGeneratedCode
public final class F32x4Ops {

  private F32x4Ops() {}

  /// `f32x4.eq`.
  @CalledByGeneratedCode
  public static long eq(long a, long b) {
    return I32x4Ops.lanes(I32x4Ops.mask(low(a) == low(b)), I32x4Ops.mask(high(a) == high(b)));
  }

  /// `f32x4.ne`.
  @CalledByGeneratedCode
  public static long ne(long a, long b) {
    return I32x4Ops.lanes(I32x4Ops.mask(low(a) != low(b)), I32x4Ops.mask(high(a) != high(b)));
  }

  /// `f32x4.lt`.
  @CalledByGeneratedCode
  public static long lt(long a, long b) {
    return I32x4Ops.lanes(I32x4Ops.mask(low(a) < low(b)), I32x4Ops.mask(high(a) < high(b)));
  }

  /// `f32x4.gt`.
  @CalledByGeneratedCode
  public static long gt(long a, long b) {
    return I32x4Ops.lanes(I32x4Ops.mask(low(a) > low(b)), I32x4Ops.mask(high(a) > high(b)));
  }

  /// `f32x4.le`.
  @CalledByGeneratedCode
  public static long le(long a, long b) {
    return I32x4Ops.lanes(I32x4Ops.mask(low(a) <= low(b)), I32x4Ops.mask(high(a) <= high(b)));
  }

  /// `f32x4.ge`.
  @CalledByGeneratedCode
  public static long ge(long a, long b) {
    return I32x4Ops.lanes(I32x4Ops.mask(low(a) >= low(b)), I32x4Ops.mask(high(a) >= high(b)));
  }

  /// `f32x4.abs`.
  @CalledByGeneratedCode
  public static long abs(long a) {
    return a & 0x7fff_ffff_7fff_ffffL;
  }

  /// `f32x4.neg`.
  @CalledByGeneratedCode
  public static long neg(long a) {
    return a ^ 0x8000_0000_8000_0000L;
  }

  /// `f32x4.ceil`.
  @CalledByGeneratedCode
  public static long ceil(long a) {
    return lanes(FloatOps.ceil(low(a)), FloatOps.ceil(high(a)));
  }

  /// `f32x4.floor`.
  @CalledByGeneratedCode
  public static long floor(long a) {
    return lanes(FloatOps.floor(low(a)), FloatOps.floor(high(a)));
  }

  /// `f32x4.trunc`.
  @CalledByGeneratedCode
  public static long trunc(long a) {
    return lanes(FloatOps.trunc(low(a)), FloatOps.trunc(high(a)));
  }

  /// `f32x4.nearest`.
  @CalledByGeneratedCode
  public static long nearest(long a) {
    return lanes(FloatOps.nearest(low(a)), FloatOps.nearest(high(a)));
  }

  /// `f32x4.sqrt`.
  @CalledByGeneratedCode
  public static long sqrt(long a) {
    return lanes(FloatOps.sqrt(low(a)), FloatOps.sqrt(high(a)));
  }

  /// `f32x4.add`.
  @CalledByGeneratedCode
  public static long add(long a, long b) {
    return lanes(low(a) + low(b), high(a) + high(b));
  }

  /// `f32x4.sub`.
  @CalledByGeneratedCode
  public static long sub(long a, long b) {
    return lanes(low(a) - low(b), high(a) - high(b));
  }

  /// `f32x4.mul`.
  @CalledByGeneratedCode
  public static long mul(long a, long b) {
    return lanes(low(a) * low(b), high(a) * high(b));
  }

  /// `f32x4.div`.
  @CalledByGeneratedCode
  public static long div(long a, long b) {
    return lanes(low(a) / low(b), high(a) / high(b));
  }

  /// `f32x4.min`.
  @CalledByGeneratedCode
  public static long min(long a, long b) {
    return lanes(FloatOps.min(low(a), low(b)), FloatOps.min(high(a), high(b)));
  }

  /// `f32x4.max`.
  @CalledByGeneratedCode
  public static long max(long a, long b) {
    return lanes(FloatOps.max(low(a), low(b)), FloatOps.max(high(a), high(b)));
  }

  /// `f32x4.pmin`.
  @CalledByGeneratedCode
  public static long pmin(long a, long b) {
    return Swar.choose(lt(b, a), b, a);
  }

  /// `f32x4.pmax`.
  @CalledByGeneratedCode
  public static long pmax(long a, long b) {
    return Swar.choose(lt(a, b), b, a);
  }

  /// `f32x4.relaxed_madd`: two roundings, as a fused one is slow where the machine has none.
  @CalledByGeneratedCode
  public static long relaxedMadd(long a, long b, long c) {
    return add(mul(a, b), c);
  }

  /// `f32x4.relaxed_nmadd`: two roundings.
  @CalledByGeneratedCode
  public static long relaxedNmadd(long a, long b, long c) {
    return sub(c, mul(a, b));
  }

  /// {@return one half of `f32x4.splat`}
  @CalledByGeneratedCode
  public static long splat(float a) {
    return lanes(a, a);
  }

  /// `f32x4.convert_i32x4_s`.
  @CalledByGeneratedCode
  public static long convertI32x4S(long a) {
    return lanes((float) (int) a, (float) (int) (a >>> 32));
  }

  /// `f32x4.convert_i32x4_u`.
  @CalledByGeneratedCode
  public static long convertI32x4U(long a) {
    return lanes((float) (a & 0xffff_ffffL), (float) (a >>> 32));
  }

  /// {@return the low half of `f32x4.demote_f64x2_zero`, of both halves of the operand}
  @CalledByGeneratedCode
  public static long demoteF64x2Zero(long low, long high) {
    return lanes((float) Double.longBitsToDouble(low), (float) Double.longBitsToDouble(high));
  }

  /// {@return the lane in the low bits of a half}
  static float low(long a) {
    return Float.intBitsToFloat((int) a);
  }

  /// {@return the lane in the high bits of a half}
  static float high(long a) {
    return Float.intBitsToFloat((int) (a >>> 32));
  }

  private static long lanes(float low, float high) {
    return I32x4Ops.lanes(Float.floatToRawIntBits(low), Float.floatToRawIntBits(high));
  }
}
