package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors of four 32-bit integers (Spec 4.3.6). See [I8x16Ops].
@CalledByGeneratedCode
public final class I32x4Ops {
  private static final long TOPS = 0x8000_0000_8000_0000L;

  private I32x4Ops() {}

  /// `i32x4.add`.
  @CalledByGeneratedCode
  public static long add(long a, long b) {
    return lanes(low(a) + low(b), high(a) + high(b));
  }

  /// `i32x4.sub`.
  @CalledByGeneratedCode
  public static long sub(long a, long b) {
    return lanes(low(a) - low(b), high(a) - high(b));
  }

  /// `i32x4.mul`.
  @CalledByGeneratedCode
  public static long mul(long a, long b) {
    return lanes(low(a) * low(b), high(a) * high(b));
  }

  /// `i32x4.neg`.
  @CalledByGeneratedCode
  public static long neg(long a) {
    return lanes(-low(a), -high(a));
  }

  /// `i32x4.abs`.
  @CalledByGeneratedCode
  public static long abs(long a) {
    return lanes(Math.abs(low(a)), Math.abs(high(a)));
  }

  /// `i32x4.eq`.
  @CalledByGeneratedCode
  public static long eq(long a, long b) {
    return lanes(mask(low(a) == low(b)), mask(high(a) == high(b)));
  }

  /// `i32x4.ne`.
  @CalledByGeneratedCode
  public static long ne(long a, long b) {
    return lanes(mask(low(a) != low(b)), mask(high(a) != high(b)));
  }

  /// `i32x4.lt_s`.
  @CalledByGeneratedCode
  public static long ltS(long a, long b) {
    return lanes(mask(low(a) < low(b)), mask(high(a) < high(b)));
  }

  /// `i32x4.gt_s`.
  @CalledByGeneratedCode
  public static long gtS(long a, long b) {
    return ltS(b, a);
  }

  /// `i32x4.le_s`.
  @CalledByGeneratedCode
  public static long leS(long a, long b) {
    return ~ltS(b, a);
  }

  /// `i32x4.ge_s`.
  @CalledByGeneratedCode
  public static long geS(long a, long b) {
    return ~ltS(a, b);
  }

  /// `i32x4.lt_u`.
  @CalledByGeneratedCode
  public static long ltU(long a, long b) {
    return ltS(a ^ TOPS, b ^ TOPS);
  }

  /// `i32x4.gt_u`.
  @CalledByGeneratedCode
  public static long gtU(long a, long b) {
    return ltU(b, a);
  }

  /// `i32x4.le_u`.
  @CalledByGeneratedCode
  public static long leU(long a, long b) {
    return ~ltU(b, a);
  }

  /// `i32x4.ge_u`.
  @CalledByGeneratedCode
  public static long geU(long a, long b) {
    return ~ltU(a, b);
  }

  /// `i32x4.min_s`.
  @CalledByGeneratedCode
  public static long minS(long a, long b) {
    return lanes(Math.min(low(a), low(b)), Math.min(high(a), high(b)));
  }

  /// `i32x4.max_s`.
  @CalledByGeneratedCode
  public static long maxS(long a, long b) {
    return lanes(Math.max(low(a), low(b)), Math.max(high(a), high(b)));
  }

  /// `i32x4.min_u`.
  @CalledByGeneratedCode
  public static long minU(long a, long b) {
    return minS(a ^ TOPS, b ^ TOPS) ^ TOPS;
  }

  /// `i32x4.max_u`.
  @CalledByGeneratedCode
  public static long maxU(long a, long b) {
    return maxS(a ^ TOPS, b ^ TOPS) ^ TOPS;
  }

  /// `i32x4.shl`.
  @CalledByGeneratedCode
  public static long shl(long a, int count) {
    return lanes(low(a) << count, high(a) << count);
  }

  /// `i32x4.shr_s`.
  @CalledByGeneratedCode
  public static long shrS(long a, int count) {
    return lanes(low(a) >> count, high(a) >> count);
  }

  /// `i32x4.shr_u`.
  @CalledByGeneratedCode
  public static long shrU(long a, int count) {
    return lanes(low(a) >>> count, high(a) >>> count);
  }

  /// {@return one half of `i32x4.splat`}
  @CalledByGeneratedCode
  public static long splat(int a) {
    return lanes(a, a);
  }

  /// `i32x4.all_true`.
  @CalledByGeneratedCode
  public static int allTrue(long low, long high) {
    return (Swar.nonZero(low, TOPS) & Swar.nonZero(high, TOPS)) == TOPS ? 1 : 0;
  }

  /// `i32x4.bitmask`.
  @CalledByGeneratedCode
  public static int bitmask(long low, long high) {
    return tops(low) | tops(high) << 2;
  }

  /// {@return `half` with another value in the lane that begins at bit `shift`}
  @CalledByGeneratedCode
  public static long replaceLane(long half, int value, int shift) {
    return shift == 0 ? lanes(value, high(half)) : lanes(low(half), value);
  }

  /// `i32x4.dot_i16x8_s`.
  @CalledByGeneratedCode
  public static long dotI16x8S(long a, long b) {
    return lanes(
        (short) a * (short) b + (short) (a >>> 16) * (short) (b >>> 16),
        (short) (a >>> 32) * (short) (b >>> 32) + (short) (a >>> 48) * (short) (b >>> 48));
  }

  /// `i32x4.extadd_pairwise_i16x8_s`.
  @CalledByGeneratedCode
  public static long extaddPairwiseI16x8S(long a) {
    return lanes((short) a + (low(a) >> 16), (short) high(a) + (high(a) >> 16));
  }

  /// `i32x4.extadd_pairwise_i16x8_u`.
  @CalledByGeneratedCode
  public static long extaddPairwiseI16x8U(long a) {
    return lanes((char) a + (low(a) >>> 16), (char) high(a) + (high(a) >>> 16));
  }

  /// {@return the low two 16-bit lanes of a half, sign-extended}
  @CalledByGeneratedCode
  public static long extendLowS(long a) {
    return lanes((short) low(a), low(a) >> 16);
  }

  /// {@return the low two 16-bit lanes of a half, zero-extended}
  @CalledByGeneratedCode
  public static long extendLowU(long a) {
    return lanes((char) low(a), low(a) >>> 16);
  }

  /// {@return the products of the low two 16-bit lanes of two halves, signed}
  @CalledByGeneratedCode
  public static long extmulLowS(long a, long b) {
    return mul(extendLowS(a), extendLowS(b));
  }

  /// {@return the products of the low two 16-bit lanes of two halves, unsigned}
  @CalledByGeneratedCode
  public static long extmulLowU(long a, long b) {
    return mul(extendLowU(a), extendLowU(b));
  }

  /// {@return the high two 16-bit lanes of a half, sign-extended}
  @CalledByGeneratedCode
  public static long extendHighS(long a) {
    return lanes((short) high(a), high(a) >> 16);
  }

  /// {@return the high two 16-bit lanes of a half, zero-extended}
  @CalledByGeneratedCode
  public static long extendHighU(long a) {
    return lanes((char) high(a), high(a) >>> 16);
  }

  /// {@return the products of the high two 16-bit lanes of two halves, signed}
  @CalledByGeneratedCode
  public static long extmulHighS(long a, long b) {
    return mul(extendHighS(a), extendHighS(b));
  }

  /// {@return the products of the high two 16-bit lanes of two halves, unsigned}
  @CalledByGeneratedCode
  public static long extmulHighU(long a, long b) {
    return mul(extendHighU(a), extendHighU(b));
  }

  /// `i32x4.trunc_sat_f32x4_s`.
  @CalledByGeneratedCode
  public static long truncSatF32x4S(long a) {
    return lanes((int) F32x4Ops.low(a), (int) F32x4Ops.high(a));
  }

  /// `i32x4.trunc_sat_f32x4_u`.
  @CalledByGeneratedCode
  public static long truncSatF32x4U(long a) {
    return lanes(
        ConversionOps.truncSatToI32U(F32x4Ops.low(a)),
        ConversionOps.truncSatToI32U(F32x4Ops.high(a)));
  }

  /// {@return the low half of `i32x4.trunc_sat_f64x2_s_zero`, of both halves of the operand}
  @CalledByGeneratedCode
  public static long truncSatF64x2SZero(long low, long high) {
    return lanes((int) Double.longBitsToDouble(low), (int) Double.longBitsToDouble(high));
  }

  /// {@return the low half of `i32x4.trunc_sat_f64x2_u_zero`, of both halves of the operand}
  @CalledByGeneratedCode
  public static long truncSatF64x2UZero(long low, long high) {
    return lanes(
        ConversionOps.truncSatToI32U(Double.longBitsToDouble(low)),
        ConversionOps.truncSatToI32U(Double.longBitsToDouble(high)));
  }

  /// `i32x4.relaxed_dot_i8x16_i7x16_add_s`.
  @CalledByGeneratedCode
  public static long relaxedDotI8x16I7x16AddS(long a, long b, long c) {
    return add(extaddPairwiseI16x8S(I16x8Ops.relaxedDotI8x16I7x16S(a, b)), c);
  }

  private static int low(long a) {
    return (int) a;
  }

  private static int high(long a) {
    return (int) (a >>> 32);
  }

  /// {@return a half with these lanes}
  static long lanes(int low, int high) {
    return (low & 0xffff_ffffL) | (long) high << 32;
  }

  /// {@return a lane of all ones or all zeros}
  static int mask(boolean isTrue) {
    return isTrue ? -1 : 0;
  }

  private static int tops(long a) {
    return (low(a) >>> 31) | (high(a) >>> 31) << 1;
  }
}
