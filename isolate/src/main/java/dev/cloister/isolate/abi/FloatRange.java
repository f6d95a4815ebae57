package dev.cloister.isolate.abi;

/// What parameters of the float types accept, in words.
final class FloatRange {
  static final String F32 = "f32: a number up to 3.4028234663852886e38, nan, inf or -inf";
  static final String F64 = "f64: a number up to 1.7976931348623157e308, nan, inf or -inf";

  private FloatRange() {}
}
