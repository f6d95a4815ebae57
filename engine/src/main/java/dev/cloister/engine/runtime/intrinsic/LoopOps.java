package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// How many turns a loop surely takes that adds a constant to a number and goes on while the sum
/// compares with a limit: this many turns less one leave it where the comparison holds.
///
/// All numbers are unsigned. Sizes are constants where these methods are called, so that the
/// divisions become multiplications.
@CalledByGeneratedCode
public final class LoopOps {
  private LoopOps() {}

  /// {@return the trips of a loop that goes on while a limit is not hit}
  ///
  /// @param distance how far away the limit is, in the direction of the steps
  @CalledByGeneratedCode
  public static int tripsWithin(int distance, int size) {
    return (int) (Integer.toUnsignedLong(distance) / size);
  }

  /// {@return the trips of a loop that goes up while it is below a limit}
  @CalledByGeneratedCode
  public static int tripsBelow(int from, int limit, int size) {
    return Integer.compareUnsigned(from, limit) < 0 ? tripsWithin(limit - from - 1, size) + 1 : 0;
  }

  /// {@return the trips of a loop that goes up while it is not above a limit}
  @CalledByGeneratedCode
  public static int tripsUpTo(int from, int limit, int size) {
    return Integer.compareUnsigned(from, limit) <= 0 ? tripsWithin(limit - from, size) + 1 : 0;
  }

  /// {@return the trips of a loop that goes down while it is above a limit}
  @CalledByGeneratedCode
  public static int tripsAbove(int from, int limit, int size) {
    return tripsBelow(/* from= */ limit, /* limit= */ from, size);
  }

  /// {@return the trips of a loop that goes down while it is not below a limit}
  @CalledByGeneratedCode
  public static int tripsDownTo(int from, int limit, int size) {
    return tripsUpTo(/* from= */ limit, /* limit= */ from, size);
  }
}
