package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// Float operators that differ from Java's, mostly in what they do to NaNs (Spec 4.3.3).
///
/// A NaN operand becomes `x + x`, which makes it quiet and keeps its payload, as an arithmetic NaN
/// of the specification; Java's library may return a signalling NaN unchanged. Negation, absolute
/// value and sign copying keep every NaN as it is but for the sign; [Math#abs] says so of itself.
@CalledByGeneratedCode
public final class FloatOps {
  private FloatOps() {}

  /// `f32.min`.
  @CalledByGeneratedCode
  public static float min(float a, float b) {
    return Float.isNaN(a) || Float.isNaN(b) ? a + b : Math.min(a, b);
  }

  /// `f64.min`.
  @CalledByGeneratedCode
  public static double min(double a, double b) {
    return Double.isNaN(a) || Double.isNaN(b) ? a + b : Math.min(a, b);
  }

  /// `f32.max`.
  @CalledByGeneratedCode
  public static float max(float a, float b) {
    return Float.isNaN(a) || Float.isNaN(b) ? a + b : Math.max(a, b);
  }

  /// `f64.max`.
  @CalledByGeneratedCode
  public static double max(double a, double b) {
    return Double.isNaN(a) || Double.isNaN(b) ? a + b : Math.max(a, b);
  }

  /// `f32.abs`.
  @CalledByGeneratedCode
  public static float abs(float a) {
    return Math.abs(a);
  }

  /// `f64.abs`.
  @CalledByGeneratedCode
  public static double abs(double a) {
    return Math.abs(a);
  }

  /// `f32.copysign`.
  @CalledByGeneratedCode
  public static float copySign(float a, float sign) {
    return Float.intBitsToFloat(
        (Float.floatToRawIntBits(a) & Integer.MAX_VALUE)
            | (Float.floatToRawIntBits(sign) & Integer.MIN_VALUE));
  }

  /// `f64.copysign`.
  @CalledByGeneratedCode
  public static double copySign(double a, double sign) {
    return Double.longBitsToDouble(
        (Double.doubleToRawLongBits(a) & Long.MAX_VALUE)
            | (Double.doubleToRawLongBits(sign) & Long.MIN_VALUE));
  }

  /// `f32.ceil`.
  @CalledByGeneratedCode
  public static float ceil(float a) {
    return Float.isNaN(a) ? a + a : (float) Math.ceil(a);
  }

  /// `f64.ceil`.
  @CalledByGeneratedCode
  public static double ceil(double a) {
    return Double.isNaN(a) ? a + a : Math.ceil(a);
  }

  /// `f32.floor`.
  @CalledByGeneratedCode
  public static float floor(float a) {
    return Float.isNaN(a) ? a + a : (float) Math.floor(a);
  }

  /// `f64.floor`.
  @CalledByGeneratedCode
  public static double floor(double a) {
    return Double.isNaN(a) ? a + a : Math.floor(a);
  }

  /// `f32.trunc`.
  @CalledByGeneratedCode
  public static float trunc(float a) {
    return Float.isNaN(a) ? a + a : (float) (a < 0 ? Math.ceil(a) : Math.floor(a));
  }

  /// `f64.trunc`.
  @CalledByGeneratedCode
  public static double trunc(double a) {
    return Double.isNaN(a) ? a + a : a < 0 ? Math.ceil(a) : Math.floor(a);
  }

  /// `f32.nearest`: ties to even.
  @CalledByGeneratedCode
  public static float nearest(float a) {
    return Float.isNaN(a) ? a + a : (float) Math.rint(a);
  }

  /// `f64.nearest`: ties to even.
  @CalledByGeneratedCode
  public static double nearest(double a) {
    return Double.isNaN(a) ? a + a : Math.rint(a);
  }

  /// `f32.sqrt`. The square root of a float, rounded from that of the double, is exact.
  @CalledByGeneratedCode
  public static float sqrt(float a) {
    return (float) Math.sqrt(a);
  }
}
