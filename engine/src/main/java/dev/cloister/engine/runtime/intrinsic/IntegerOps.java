package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// Integer operators that Java lacks or types differently: division with Wasm's traps, and counts
/// and rotations of 64 bits (Spec 4.3.2).
@CalledByGeneratedCode
public final class IntegerOps {
  private IntegerOps() {}

  /// `i32.div_s`.
  @CalledByGeneratedCode
  public static int divS(int a, int b) {
    if (b == 0) {
      throw divideByZero();
    }
    if (b == -1 && a == Integer.MIN_VALUE) {
      throw overflow();
    }
    return a / b;
  }

  /// `i32.div_u`.
  @CalledByGeneratedCode
  public static int divU(int a, int b) {
    if (b == 0) {
      throw divideByZero();
    }
    return Integer.divideUnsigned(a, b);
  }

  /// `i32.rem_s`.
  @CalledByGeneratedCode
  public static int remS(int a, int b) {
    if (b == 0) {
      throw divideByZero();
    }
    return a % b;
  }

  /// `i32.rem_u`.
  @CalledByGeneratedCode
  public static int remU(int a, int b) {
    if (b == 0) {
      throw divideByZero();
    }
    return Integer.remainderUnsigned(a, b);
  }

  /// `i64.div_s`.
  @CalledByGeneratedCode
  public static long divS(long a, long b) {
    if (b == 0) {
      throw divideByZero();
    }
    if (b == -1 && a == Long.MIN_VALUE) {
      throw overflow();
    }
    return a / b;
  }

  /// `i64.div_u`.
  @CalledByGeneratedCode
  public static long divU(long a, long b) {
    if (b == 0) {
      throw divideByZero();
    }
    return Long.divideUnsigned(a, b);
  }

  /// `i64.rem_s`.
  @CalledByGeneratedCode
  public static long remS(long a, long b) {
    if (b == 0) {
      throw divideByZero();
    }
    return a % b;
  }

  /// `i64.rem_u`.
  @CalledByGeneratedCode
  public static long remU(long a, long b) {
    if (b == 0) {
      throw divideByZero();
    }
    return Long.remainderUnsigned(a, b);
  }

  /// `i64.rotl`.
  @CalledByGeneratedCode
  public static long rotl(long a, long b) {
    return Long.rotateLeft(a, (int) b);
  }

  /// `i64.rotr`.
  @CalledByGeneratedCode
  public static long rotr(long a, long b) {
    return Long.rotateRight(a, (int) b);
  }

  /// `i64.clz`.
  @CalledByGeneratedCode
  public static long clz(long a) {
    return Long.numberOfLeadingZeros(a);
  }

  /// `i64.ctz`.
  @CalledByGeneratedCode
  public static long ctz(long a) {
    return Long.numberOfTrailingZeros(a);
  }

  /// `i64.popcnt`.
  @CalledByGeneratedCode
  public static long popcnt(long a) {
    return Long.bitCount(a);
  }

  /// {@return the high half of the sum of two numbers of 128 bits} `i64.add128`.
  @CalledByGeneratedCode
  public static long addHigh(long aLow, long aHigh, long bLow, long bHigh) {
    return aHigh + bHigh + (Long.compareUnsigned(aLow + bLow, aLow) < 0 ? 1 : 0);
  }

  /// {@return the high half of the difference of two numbers of 128 bits} `i64.sub128`.
  @CalledByGeneratedCode
  public static long subHigh(long aLow, long aHigh, long bLow, long bHigh) {
    return aHigh - bHigh - (Long.compareUnsigned(aLow, bLow) < 0 ? 1 : 0);
  }

  private static TrapException divideByZero() {
    return new TrapException(TrapReason.INTEGER_DIVIDE_BY_ZERO);
  }

  private static TrapException overflow() {
    return new TrapException(TrapReason.INTEGER_OVERFLOW);
  }
}
