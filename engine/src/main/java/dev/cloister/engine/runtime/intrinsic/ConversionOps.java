package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// Conversions between floats and integers (Spec 4.3.4).
///
/// The bounds of the trapping ones are the nearest floats outside of the target's range, so that
/// each comparison is exact.
@CalledByGeneratedCode
public final class ConversionOps {
  private static final double TWO_63 = 0x1p63;

  private ConversionOps() {}

  /// `i32.trunc_f32_s`.
  @CalledByGeneratedCode
  public static int truncToI32S(float a) {
    if (a >= -0x1p31f && a < 0x1p31f) {
      return (int) a;
    }
    throw fault(Float.isNaN(a));
  }

  /// `i32.trunc_f32_u`.
  @CalledByGeneratedCode
  public static int truncToI32U(float a) {
    if (a > -1f && a < 0x1p32f) {
      return (int) (long) a;
    }
    throw fault(Float.isNaN(a));
  }

  /// `i32.trunc_f64_s`.
  @CalledByGeneratedCode
  public static int truncToI32S(double a) {
    if (a > -0x1p31 - 1 && a < 0x1p31) {
      return (int) a;
    }
    throw fault(Double.isNaN(a));
  }

  /// `i32.trunc_f64_u`.
  @CalledByGeneratedCode
  public static int truncToI32U(double a) {
    if (a > -1 && a < 0x1p32) {
      return (int) (long) a;
    }
    throw fault(Double.isNaN(a));
  }

  /// `i64.trunc_f32_s`.
  @CalledByGeneratedCode
  public static long truncToI64S(float a) {
    if (a >= -0x1p63f && a < 0x1p63f) {
      return (long) a;
    }
    throw fault(Float.isNaN(a));
  }

  /// `i64.trunc_f32_u`.
  @CalledByGeneratedCode
  public static long truncToI64U(float a) {
    if (a > -1f && a < 0x1p64f) {
      return unsigned(a);
    }
    throw fault(Float.isNaN(a));
  }

  /// `i64.trunc_f64_s`.
  @CalledByGeneratedCode
  public static long truncToI64S(double a) {
    if (a >= -TWO_63 && a < TWO_63) {
      return (long) a;
    }
    throw fault(Double.isNaN(a));
  }

  /// `i64.trunc_f64_u`.
  @CalledByGeneratedCode
  public static long truncToI64U(double a) {
    if (a > -1 && a < 0x1p64) {
      return unsigned(a);
    }
    throw fault(Double.isNaN(a));
  }

  /// `i32.trunc_sat_f32_u`.
  @CalledByGeneratedCode
  public static int truncSatToI32U(float a) {
    return truncSatToI32U((double) a);
  }

  /// `i32.trunc_sat_f64_u`.
  @CalledByGeneratedCode
  public static int truncSatToI32U(double a) {
    return a > 0 ? (a < 0x1p32 ? (int) (long) a : -1) : 0;
  }

  /// `i64.trunc_sat_f32_u`.
  @CalledByGeneratedCode
  public static long truncSatToI64U(float a) {
    return truncSatToI64U((double) a);
  }

  /// `i64.trunc_sat_f64_u`.
  @CalledByGeneratedCode
  public static long truncSatToI64U(double a) {
    return a > 0 ? (a < 0x1p64 ? unsigned(a) : -1L) : 0;
  }

  /// `f32.convert_i32_u`.
  @CalledByGeneratedCode
  public static float toF32U(int a) {
    return (float) Integer.toUnsignedLong(a);
  }

  /// `f64.convert_i32_u`.
  @CalledByGeneratedCode
  public static double toF64U(int a) {
    return (double) Integer.toUnsignedLong(a);
  }

  /// `f32.convert_i64_u`. The lowest bit is kept while halving, so that rounding stays right.
  @CalledByGeneratedCode
  public static float toF32U(long a) {
    return a >= 0 ? (float) a : (float) ((a >>> 1) | (a & 1)) * 2f;
  }

  /// `f64.convert_i64_u`. The lowest bit is kept while halving, so that rounding stays right.
  @CalledByGeneratedCode
  public static double toF64U(long a) {
    return a >= 0 ? (double) a : (double) ((a >>> 1) | (a & 1)) * 2.0;
  }

  private static long unsigned(double a) {
    return a < TWO_63 ? (long) a : (long) (a - TWO_63) ^ Long.MIN_VALUE;
  }

  private static TrapException fault(boolean isNan) {
    return new TrapException(isNan ? TrapReason.INVALID_CONVERSION : TrapReason.INTEGER_OVERFLOW);
  }
}
