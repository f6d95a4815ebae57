package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// The instructions on vectors as such (Spec 4.3.6). See [I8x16Ops].
@CalledByGeneratedCode
public final class V128Ops {

  private V128Ops() {}

  /// `v128.not`.
  @CalledByGeneratedCode
  public static long not(long a) {
    return ~a;
  }

  /// `v128.andnot`.
  @CalledByGeneratedCode
  public static long andnot(long a, long b) {
    return a & ~b;
  }

  /// `v128.bitselect`, and the relaxed selections of lanes.
  @CalledByGeneratedCode
  public static long bitselect(long a, long b, long mask) {
    return Swar.choose(mask, a, b);
  }

  /// `v128.any_true`.
  @CalledByGeneratedCode
  public static int anyTrue(long low, long high) {
    return (low | high) != 0 ? 1 : 0;
  }

  /// `select`.
  @CalledByGeneratedCode
  public static long select(long a, long b, int condition) {
    return condition != 0 ? a : b;
  }
}
