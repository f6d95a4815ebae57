package dev.cloister.engine.runtime;

import org.jspecify.annotations.Nullable;

/// The part of a function's frame that is not on the Java stack: arrays with the locals that are
/// too many for local variables, and with what the methods share into which a function is divided.
///
/// The stack bounds how deep a guest calls; so that these frames do not escape it, each is counted
/// while its function runs, and the store has room for only so many bytes of them.
///
/// The stack may overflow where a function is counted off. That is why the count is set to what it
/// was and not reduced: the next function further out that ends puts it right.
@CalledByGeneratedCode
public final class LargeFrames {
  /// The most bytes that the frames of a store may have at a time.
  static final long MAX_BYTES = 16 << 20;

  private LargeFrames() {}

  /// Counts a frame whose function begins.
  ///
  /// @param bytes the size of its arrays
  /// @return what was counted before
  /// @throws StackOverflowError if there is no room for it
  @CalledByGeneratedCode
  public static long enter(int bytes, Instance instance) {
    Store store = instance.store;
    long before = store.largeFrameBytes;
    if (before + bytes > MAX_BYTES) {
      throw new StackOverflowError("frames that are not on the stack");
    }
    store.largeFrameBytes = before + bytes;
    return before;
  }

  /// Ends what [#enter] began, however the function ended.
  ///
  /// @param before what was counted before
  @CalledByGeneratedCode
  public static void leave(long before, Instance instance) {
    instance.store.largeFrameBytes = before;
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
