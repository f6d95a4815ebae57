package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors of sixteen 8-bit integers (Spec 4.3.6).
///
/// A helper takes halves of vectors, lane 0 in the least significant bits. An instruction that
/// works lane by lane is its helper applied to both halves; the others say which half of the result
/// they make, and of what. Shift counts are taken modulo the width of a lane. Lanes are computed
/// all at once where that is cheaper than one by one; see [Swar].
@CalledByGeneratedCode
public final class I8x16Ops {
  private static final int WIDTH = 8;
  private static final long TOPS = 0x8080_8080_8080_8080L;
  private static final long LANE = 0xff;
  private static final long ONES = TOPS >>> (WIDTH - 1);

  private I8x16Ops() {}

  /// `i8x16.add`.
  @CalledByGeneratedCode
  public static long add(long a, long b) {
    return Swar.add(a, b, TOPS);
  }

  /// `i8x16.sub`.
  @CalledByGeneratedCode
  public static long sub(long a, long b) {
    return Swar.sub(a, b, TOPS);
  }

  /// `i8x16.neg`.
  @CalledByGeneratedCode
  public static long neg(long a) {
    return Swar.sub(0, a, TOPS);
  }

  /// `i8x16.abs`.
  @CalledByGeneratedCode
  public static long abs(long a) {
    long signs = Swar.fill(a & TOPS, WIDTH);
    return Swar.sub(a ^ signs, signs, TOPS);
  }

  /// `i8x16.add_sat_s`.
  @CalledByGeneratedCode
  public static long addSatS(long a, long b) {
    long sum = Swar.add(a, b, TOPS);
    long overflow = Swar.fill(~(a ^ b) & (a ^ sum) & TOPS, WIDTH);
    return Swar.choose(overflow, limits(a), sum);
  }

  /// `i8x16.add_sat_u`.
  @CalledByGeneratedCode
  public static long addSatU(long a, long b) {
    long sum = Swar.add(a, b, TOPS);
    return sum | Swar.fill(((a & b) | ((a | b) & ~sum)) & TOPS, WIDTH);
  }

  /// `i8x16.sub_sat_s`.
  @CalledByGeneratedCode
  public static long subSatS(long a, long b) {
    long difference = Swar.sub(a, b, TOPS);
    long overflow = Swar.fill((a ^ b) & (a ^ difference) & TOPS, WIDTH);
    return Swar.choose(overflow, limits(a), difference);
  }

  /// `i8x16.sub_sat_u`.
  @CalledByGeneratedCode
  public static long subSatU(long a, long b) {
    return Swar.sub(a, b, TOPS) & ~ltU(a, b);
  }

  /// `i8x16.eq`.
  @CalledByGeneratedCode
  public static long eq(long a, long b) {
    return ~ne(a, b);
  }

  /// `i8x16.ne`.
  @CalledByGeneratedCode
  public static long ne(long a, long b) {
    return Swar.fill(Swar.nonZero(a ^ b, TOPS), WIDTH);
  }

  /// `i8x16.lt_s`.
  @CalledByGeneratedCode
  public static long ltS(long a, long b) {
    return Swar.fill(Swar.lessS(a, b, TOPS), WIDTH);
  }

  /// `i8x16.gt_s`.
  @CalledByGeneratedCode
  public static long gtS(long a, long b) {
    return ltS(b, a);
  }

  /// `i8x16.le_s`.
  @CalledByGeneratedCode
  public static long leS(long a, long b) {
    return ~ltS(b, a);
  }

  /// `i8x16.ge_s`.
  @CalledByGeneratedCode
  public static long geS(long a, long b) {
    return ~ltS(a, b);
  }

  /// `i8x16.min_s`.
  @CalledByGeneratedCode
  public static long minS(long a, long b) {
    return Swar.choose(ltS(a, b), a, b);
  }

  /// `i8x16.max_s`.
  @CalledByGeneratedCode
  public static long maxS(long a, long b) {
    return Swar.choose(ltS(a, b), b, a);
  }

  /// `i8x16.lt_u`.
  @CalledByGeneratedCode
  public static long ltU(long a, long b) {
    return Swar.fill(Swar.lessU(a, b, TOPS), WIDTH);
  }

  /// `i8x16.gt_u`.
  @CalledByGeneratedCode
  public static long gtU(long a, long b) {
    return ltU(b, a);
  }

  /// `i8x16.le_u`.
  @CalledByGeneratedCode
  public static long leU(long a, long b) {
    return ~ltU(b, a);
  }

  /// `i8x16.ge_u`.
  @CalledByGeneratedCode
  public static long geU(long a, long b) {
    return ~ltU(a, b);
  }

  /// `i8x16.min_u`.
  @CalledByGeneratedCode
  public static long minU(long a, long b) {
    return Swar.choose(ltU(a, b), a, b);
  }

  /// `i8x16.max_u`.
  @CalledByGeneratedCode
  public static long maxU(long a, long b) {
    return Swar.choose(ltU(a, b), b, a);
  }

  /// `i8x16.avgr_u`.
  @CalledByGeneratedCode
  public static long avgrU(long a, long b) {
    return (a | b) - (((a ^ b) >>> 1) & ~TOPS);
  }

  /// `i8x16.shl`.
  @CalledByGeneratedCode
  public static long shl(long a, int count) {
    int n = count & (WIDTH - 1);
    return (a << n) & (((LANE << n) & LANE) * ONES);
  }

  /// `i8x16.shr_u`.
  @CalledByGeneratedCode
  public static long shrU(long a, int count) {
    int n = count & (WIDTH - 1);
    return (a >>> n) & ((LANE >>> n) * ONES);
  }

  /// `i8x16.shr_s`.
  @CalledByGeneratedCode
  public static long shrS(long a, int count) {
    long sign = TOPS >>> (count & (WIDTH - 1));
    return Swar.sub(shrU(a, count) ^ sign, sign, TOPS);
  }

  /// {@return one half of `i8x16.splat`}
  @CalledByGeneratedCode
  public static long splat(int a) {
    return (a & LANE) * ONES;
  }

  /// `i8x16.all_true`.
  @CalledByGeneratedCode
  public static int allTrue(long low, long high) {
    return (Swar.nonZero(low, TOPS) & Swar.nonZero(high, TOPS)) == TOPS ? 1 : 0;
  }

  /// {@return `half` with another value in the lane that begins at bit `shift`}
  @CalledByGeneratedCode
  public static long replaceLane(long half, int value, int shift) {
    return (half & ~(LANE << shift)) | ((value & LANE) << shift);
  }

  /// `i8x16.popcnt`.
  @CalledByGeneratedCode
  public static long popcnt(long a) {
    long pairs = a - ((a >>> 1) & 0x5555_5555_5555_5555L);
    long fours = (pairs & 0x3333_3333_3333_3333L) + ((pairs >>> 2) & 0x3333_3333_3333_3333L);
    return (fours + (fours >>> 4)) & 0x0f0f_0f0f_0f0f_0f0fL;
  }

  /// `i8x16.bitmask`.
  @CalledByGeneratedCode
  public static int bitmask(long low, long high) {
    return tops(low) | tops(high) << 8;
  }

  /// {@return one half of `i8x16.narrow_i16x8_s`, of both halves of an operand}
  @CalledByGeneratedCode
  public static long narrowI16x8S(long low, long high) {
    return pack(clampS(low)) | pack(clampS(high)) << 32;
  }

  /// {@return one half of `i8x16.narrow_i16x8_u`, of both halves of an operand}
  @CalledByGeneratedCode
  public static long narrowI16x8U(long low, long high) {
    return pack(clampU(low)) | pack(clampU(high)) << 32;
  }

  /// {@return one half of `i8x16.swizzle`, of both halves of the bytes and one of the indices}
  @CalledByGeneratedCode
  public static long swizzle(long low, long high, long indices) {
    long result = 0;
    for (int shift = 0; shift < 64; shift += 8) {
      result |= at(low, high, (int) (indices >>> shift) & 0xff) << shift;
    }
    return result;
  }

  /// {@return what saturates in the direction of the sign of each lane: the least or the greatest}
  private static long limits(long a) {
    return ~TOPS + ((a & TOPS) >>> (WIDTH - 1));
  }

  /// {@return the top bits of the lanes, next to each other: the product brings that of lane `k`
  /// from bit `8 k` to bit `56 + k`}
  private static int tops(long a) {
    return (int) ((((a & TOPS) >>> 7) * 0x0102_0408_1020_4080L) >>> 56);
  }

  private static long clampS(long a) {
    return I16x8Ops.minS(I16x8Ops.maxS(a, 0xff80_ff80_ff80_ff80L), 0x007f_007f_007f_007fL);
  }

  private static long clampU(long a) {
    return I16x8Ops.minS(I16x8Ops.maxS(a, 0), 0x00ff_00ff_00ff_00ffL);
  }

  /// {@return the low bytes of the 16-bit lanes in the low 32 bits}
  private static long pack(long a) {
    long bytes = a & 0x00ff_00ff_00ff_00ffL;
    long pairs = (bytes | bytes >>> 8) & 0x0000_ffff_0000_ffffL;
    return (pairs | pairs >>> 16) & 0xffff_ffffL;
  }

  private static long at(long low, long high, int index) {
    return index < 16 ? (index < 8 ? low : high) >>> (index << 3) & 0xff : 0;
  }
}
