package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors of eight 16-bit integers (Spec 4.3.6). See [I8x16Ops].
@CalledByGeneratedCode
public final class I16x8Ops {
  private static final int WIDTH = 16;
  private static final long TOPS = 0x8000_8000_8000_8000L;
  private static final long LANE = 0xffff;
  private static final long ONES = TOPS >>> (WIDTH - 1);
  private static final long LOW_BYTES = 0x00ff_00ff_00ff_00ffL;
  private static final long LOW_BYTE_TOPS = 0x0080_0080_0080_0080L;

  private I16x8Ops() {}

  /// `i16x8.add`.
  @CalledByGeneratedCode
  public static long add(long a, long b) {
    return Swar.add(a, b, TOPS);
  }

  /// `i16x8.sub`.
  @CalledByGeneratedCode
  public static long sub(long a, long b) {
    return Swar.sub(a, b, TOPS);
  }

  /// `i16x8.neg`.
  @CalledByGeneratedCode
  public static long neg(long a) {
    return Swar.sub(0, a, TOPS);
  }

  /// `i16x8.abs`.
  @CalledByGeneratedCode
  public static long abs(long a) {
    long signs = Swar.fill(a & TOPS, WIDTH);
    return Swar.sub(a ^ signs, signs, TOPS);
  }

  /// `i16x8.add_sat_s`.
  @CalledByGeneratedCode
  public static long addSatS(long a, long b) {
    long sum = Swar.add(a, b, TOPS);
    long overflow = Swar.fill(~(a ^ b) & (a ^ sum) & TOPS, WIDTH);
    return Swar.choose(overflow, limits(a), sum);
  }

  /// `i16x8.add_sat_u`.
  @CalledByGeneratedCode
  public static long addSatU(long a, long b) {
    long sum = Swar.add(a, b, TOPS);
    return sum | Swar.fill(((a & b) | ((a | b) & ~sum)) & TOPS, WIDTH);
  }

  /// `i16x8.sub_sat_s`.
  @CalledByGeneratedCode
  public static long subSatS(long a, long b) {
    long difference = Swar.sub(a, b, TOPS);
    long overflow = Swar.fill((a ^ b) & (a ^ difference) & TOPS, WIDTH);
    return Swar.choose(overflow, limits(a), difference);
  }

  /// `i16x8.sub_sat_u`.
  @CalledByGeneratedCode
  public static long subSatU(long a, long b) {
    return Swar.sub(a, b, TOPS) & ~ltU(a, b);
  }

  /// `i16x8.eq`.
  @CalledByGeneratedCode
  public static long eq(long a, long b) {
    return ~ne(a, b);
  }

  /// `i16x8.ne`.
  @CalledByGeneratedCode
  public static long ne(long a, long b) {
    return Swar.fill(Swar.nonZero(a ^ b, TOPS), WIDTH);
  }

  /// `i16x8.lt_s`.
  @CalledByGeneratedCode
  public static long ltS(long a, long b) {
    return Swar.fill(Swar.lessS(a, b, TOPS), WIDTH);
  }

  /// `i16x8.gt_s`.
  @CalledByGeneratedCode
  public static long gtS(long a, long b) {
    return ltS(b, a);
  }

  /// `i16x8.le_s`.
  @CalledByGeneratedCode
  public static long leS(long a, long b) {
    return ~ltS(b, a);
  }

  /// `i16x8.ge_s`.
  @CalledByGeneratedCode
  public static long geS(long a, long b) {
    return ~ltS(a, b);
  }

  /// `i16x8.min_s`.
  @CalledByGeneratedCode
  public static long minS(long a, long b) {
    return Swar.choose(ltS(a, b), a, b);
  }

  /// `i16x8.max_s`.
  @CalledByGeneratedCode
  public static long maxS(long a, long b) {
    return Swar.choose(ltS(a, b), b, a);
  }

  /// `i16x8.lt_u`.
  @CalledByGeneratedCode
  public static long ltU(long a, long b) {
    return Swar.fill(Swar.lessU(a, b, TOPS), WIDTH);
  }

  /// `i16x8.gt_u`.
  @CalledByGeneratedCode
  public static long gtU(long a, long b) {
    return ltU(b, a);
  }

  /// `i16x8.le_u`.
  @CalledByGeneratedCode
  public static long leU(long a, long b) {
    return ~ltU(b, a);
  }

  /// `i16x8.ge_u`.
  @CalledByGeneratedCode
  public static long geU(long a, long b) {
    return ~ltU(a, b);
  }

  /// `i16x8.min_u`.
  @CalledByGeneratedCode
  public static long minU(long a, long b) {
    return Swar.choose(ltU(a, b), a, b);
  }

  /// `i16x8.max_u`.
  @CalledByGeneratedCode
  public static long maxU(long a, long b) {
    return Swar.choose(ltU(a, b), b, a);
  }

  /// `i16x8.avgr_u`.
  @CalledByGeneratedCode
  public static long avgrU(long a, long b) {
    return (a | b) - (((a ^ b) >>> 1) & ~TOPS);
  }

  /// `i16x8.shl`.
  @CalledByGeneratedCode
  public static long shl(long a, int count) {
    int n = count & (WIDTH - 1);
    return (a << n) & (((LANE << n) & LANE) * ONES);
  }

  /// `i16x8.shr_u`.
  @CalledByGeneratedCode
  public static long shrU(long a, int count) {
    int n = count & (WIDTH - 1);
    return (a >>> n) & ((LANE >>> n) * ONES);
  }

  /// `i16x8.shr_s`.
  @CalledByGeneratedCode
  public static long shrS(long a, int count) {
    long sign = TOPS >>> (count & (WIDTH - 1));
    return Swar.sub(shrU(a, count) ^ sign, sign, TOPS);
  }

  /// {@return one half of `i16x8.splat`}
  @CalledByGeneratedCode
  public static long splat(int a) {
    return (a & LANE) * ONES;
  }

  /// `i16x8.all_true`.
  @CalledByGeneratedCode
  public static int allTrue(long low, long high) {
    return (Swar.nonZero(low, TOPS) & Swar.nonZero(high, TOPS)) == TOPS ? 1 : 0;
  }

  /// {@return `half` with another value in the lane that begins at bit `shift`}
  @CalledByGeneratedCode
  public static long replaceLane(long half, int value, int shift) {
    return (half & ~(LANE << shift)) | ((value & LANE) << shift);
  }

  /// `i16x8.mul`.
  @CalledByGeneratedCode
  public static long mul(long a, long b) {
    return lanes(
        (int) a * (int) b,
        (int) (a >>> 16) * (int) (b >>> 16),
        (int) (a >>> 32) * (int) (b >>> 32),
        (int) (a >>> 48) * (int) (b >>> 48));
  }

  /// `i16x8.q15mulr_sat_s`.
  @CalledByGeneratedCode
  public static long q15mulrSatS(long a, long b) {
    return lanes(
        q15(lane(a, 0), lane(b, 0)),
        q15(lane(a, 16), lane(b, 16)),
        q15(lane(a, 32), lane(b, 32)),
        q15(lane(a, 48), lane(b, 48)));
  }

  /// `i16x8.bitmask`.
  @CalledByGeneratedCode
  public static int bitmask(long low, long high) {
    return tops(low) | tops(high) << 4;
  }

  /// `i16x8.extadd_pairwise_i8x16_s`.
  @CalledByGeneratedCode
  public static long extaddPairwiseI8x16S(long a) {
    return add(shrS(shl(a, 8), 8), shrS(a, 8));
  }

  /// `i16x8.extadd_pairwise_i8x16_u`.
  @CalledByGeneratedCode
  public static long extaddPairwiseI8x16U(long a) {
    return (a & LOW_BYTES) + ((a >>> 8) & LOW_BYTES);
  }

  /// {@return the low four bytes of a half, sign-extended}
  @CalledByGeneratedCode
  public static long extendLowS(long a) {
    return Swar.sub(extendLowU(a) ^ LOW_BYTE_TOPS, LOW_BYTE_TOPS, TOPS);
  }

  /// {@return the low four bytes of a half, zero-extended}
  @CalledByGeneratedCode
  public static long extendLowU(long a) {
    long bytes = a & 0xffff_ffffL;
    long pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffffL;
    return (pairs | pairs << 8) & LOW_BYTES;
  }

  /// {@return the products of the low four bytes of two halves, signed}
  @CalledByGeneratedCode
  public static long extmulLowS(long a, long b) {
    return mul(extendLowS(a), extendLowS(b));
  }

  /// {@return the products of the low four bytes of two halves, unsigned}
  @CalledByGeneratedCode
  public static long extmulLowU(long a, long b) {
    return mul(extendLowU(a), extendLowU(b));
  }

  /// {@return the high four bytes of a half, sign-extended}
  @CalledByGeneratedCode
  public static long extendHighS(long a) {
    return Swar.sub(extendHighU(a) ^ LOW_BYTE_TOPS, LOW_BYTE_TOPS, TOPS);
  }

  /// {@return the high four bytes of a half, zero-extended}
  @CalledByGeneratedCode
  public static long extendHighU(long a) {
    return extendLowU(a >>> 32);
  }

  /// {@return the products of the high four bytes of two halves, signed}
  @CalledByGeneratedCode
  public static long extmulHighS(long a, long b) {
    return mul(extendHighS(a), extendHighS(b));
  }

  /// {@return the products of the high four bytes of two halves, unsigned}
  @CalledByGeneratedCode
  public static long extmulHighU(long a, long b) {
    return mul(extendHighU(a), extendHighU(b));
  }

  /// {@return one half of `i16x8.narrow_i32x4_s`, of both halves of an operand}
  @CalledByGeneratedCode
  public static long narrowI32x4S(long low, long high) {
    return lanes(
        clampS((int) low),
        clampS((int) (low >>> 32)),
        clampS((int) high),
        clampS((int) (high >>> 32)));
  }

  /// {@return one half of `i16x8.narrow_i32x4_u`, of both halves of an operand}
  @CalledByGeneratedCode
  public static long narrowI32x4U(long low, long high) {
    return lanes(
        clampU((int) low),
        clampU((int) (low >>> 32)),
        clampU((int) high),
        clampU((int) (high >>> 32)));
  }

  /// `i16x8.relaxed_dot_i8x16_i7x16_s`: signed bytes, sums that saturate.
  @CalledByGeneratedCode
  public static long relaxedDotI8x16I7x16S(long a, long b) {
    long even = mul(shrS(shl(a, 8), 8), shrS(shl(b, 8), 8));
    return addSatS(even, mul(shrS(a, 8), shrS(b, 8)));
  }

  /// {@return what saturates in the direction of the sign of each lane: the least or the greatest}
  private static long limits(long a) {
    return ~TOPS + ((a & TOPS) >>> (WIDTH - 1));
  }

  /// {@return the top bits of the lanes, next to each other: the product brings that of lane `k`
  /// from bit `16 k` to bit `48 + k`}
  private static int tops(long a) {
    return (int) ((((a & TOPS) >>> 15) * 0x0001_0002_0004_0008L) >>> 48) & 0xf;
  }

  private static int lane(long a, int shift) {
    return (short) (a >>> shift);
  }

  private static long lanes(int lane0, int lane1, int lane2, int lane3) {
    return (lane0 & LANE) | (lane1 & LANE) << 16 | (lane2 & LANE) << 32 | (long) lane3 << 48;
  }

  /// Only the square of -1 overflows.
  private static int q15(int a, int b) {
    return Math.min((a * b + 0x4000) >> 15, Short.MAX_VALUE);
  }

  private static int clampS(int a) {
    return Math.min(Math.max(a, Short.MIN_VALUE), Short.MAX_VALUE);
  }

  private static int clampU(int a) {
    return Math.min(Math.max(a, 0), 0xffff);
  }
}
