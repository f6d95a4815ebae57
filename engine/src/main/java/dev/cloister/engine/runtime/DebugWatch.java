package dev.cloister.engine.runtime;

import org.jspecify.annotations.Nullable;

/// At which positions of one function somebody wants to be told that debuggable code reaches them.
///
/// Instances of one module and isolate share one, and it stays the same for as long as they do, so
/// that frames which run see what changes at their next loop head or function entry at the latest.
@CalledByGeneratedCode
public final class DebugWatch {
  private final DebugSwitch owner;

  /// Looked at before each instruction: not volatile, so that the JIT may combine the looks between
  /// two heads of loops, where the code looks whether it is to stop in a way that it may not.
  @CalledByGeneratedCode public boolean isArmed;

  /// A bit for each byte of the body up to the last position: whether an instruction begins there
  /// that is watched.
  private volatile long @Nullable [] positions;

  private volatile boolean isEverywhere;

  DebugWatch(DebugSwitch owner) {
    this.owner = owner;
  }

  DebugSwitch owner() {
    return owner;
  }

  /// Sets what is watched. Any thread, one at a time.
  ///
  /// @param everywhere whether all positions are watched
  /// @param chosen those that are otherwise, never changed; null for none
  void set(boolean everywhere, long @Nullable [] chosen) {
    positions = chosen;
    isEverywhere = everywhere;
    isArmed = everywhere || chosen != null;
  }

  /// {@return whether a position is watched}
  ///
  /// @param distance the bytes between the beginning of the body and the instruction
  @CalledByGeneratedCode
  public static boolean isWatched(DebugWatch watch, int distance) {
    long[] bits = watch.positions;
    int word = distance >>> 6;
    return watch.isEverywhere
        || (bits != null && word < bits.length && (bits[word] >>> distance & 1) != 0);
  }

  /// The same for a distance of more than 15 bits.
  ///
  /// @param high the bits of the distance above the lowest 15
  @CalledByGeneratedCode
  public static boolean isWatchedFar(DebugWatch watch, int high, int low) {
    return isWatched(watch, high << 15 | low);
  }
}
