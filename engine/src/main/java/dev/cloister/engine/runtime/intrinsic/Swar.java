package dev.cloister.engine.runtime.intrinsic;

/// Arithmetic on all lanes of a long at once: SIMD within a register.
///
/// Lanes are named by `tops`, a long in which just the top bit of every lane is set. What carries
/// out of a lane would run into the next one, so top bits are left out of a sum and added by
/// exclusive or (Warren, Hacker's Delight, 2-18).
final class Swar {
  private Swar() {}

  /// {@return the sum of each lane}
  static long add(long a, long b, long tops) {
    return ((a & ~tops) + (b & ~tops)) ^ ((a ^ b) & tops);
  }

  /// {@return the difference of each lane}
  static long sub(long a, long b, long tops) {
    return ((a | tops) - (b & ~tops)) ^ ((a ^ ~b) & tops);
  }

  /// {@return the top bit of each lane that is not 0}
  static long nonZero(long a, long tops) {
    return (((a & ~tops) + ~tops) | a) & tops;
  }

  /// {@return the top bit of each lane in which `a` is less than `b` as an unsigned number: those
  /// whose difference borrows}
  static long lessU(long a, long b, long tops) {
    return ((~a & b) | (~(a ^ b) & sub(a, b, tops))) & tops;
  }

  /// {@return the top bit of each lane in which `a` is less than `b` as a signed number}
  static long lessS(long a, long b, long tops) {
    return lessU(a ^ tops, b ^ tops, tops);
  }

  /// {@return lanes of all ones where the top bit is set in `some`, which has no other bits}
  static long fill(long some, int width) {
    return (some << 1) - (some >>> (width - 1));
  }

  /// {@return the bits of `a` where `mask` has ones, else those of `b`}
  static long choose(long mask, long a, long b) {
    return b ^ ((a ^ b) & mask);
  }
}
