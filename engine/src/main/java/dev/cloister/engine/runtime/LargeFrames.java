package dev.cloister.engine.runtime;

import org.jspecify.annotations.Nullable;

/// The part of a function's frame that is not on the Java stack: arrays with the locals that are
/// too many for local variables, and with what the methods share into which a function is divided.
///
/// The stack bounds how deep a guest calls; so that these frames do not escape it, each is counted
/// while its function runs, and the store has room for only so many bytes of them.
@CalledByGeneratedCode
public final class LargeFrames {
  /// The most bytes that the frames of a store may have at a time.
  static final long MAX_BYTES = 16 << 20;

  private LargeFrames() {}

  /// Counts a frame whose function begins.
  ///
  /// @param bytes the size of its arrays
  /// @throws StackOverflowError if there is no room for it
  @CalledByGeneratedCode
  public static void enter(int bytes, Instance instance) {
    StackGuard.probe();
    Store store = instance.store;
    if (store.largeFrameBytes + bytes > MAX_BYTES) {
      throw new StackOverflowError("frames that are not on the stack");
    }
    store.largeFrameBytes += bytes;
  }

  /// Ends what [#enter] began, however the function ended.
  @CalledByGeneratedCode
  public static void leave(int bytes, Instance instance) {
    instance.store.largeFrameBytes -= bytes;
  }

  /// Stores a number, an i32 sign-extended and a float as its bits.
  @CalledByGeneratedCode
  public static void set(long value, long[] frame, int index) {
    frame[index] = value;
  }

  /// Stores a reference.
  @CalledByGeneratedCode
  public static void set(@Nullable Object value, @Nullable Object[] frame, int index) {
    frame[index] = value;
  }
}
