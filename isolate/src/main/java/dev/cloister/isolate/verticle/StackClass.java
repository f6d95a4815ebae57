package dev.cloister.isolate.verticle;

/// A size of thread stacks: guests that need about the same share their threads.
///
/// @param bytes a power of two
record StackClass(long bytes) {
  private static final long SMALLEST_BYTES = 1 << 18;

  /// The smallest class with at least `stackBytes`.
  static StackClass of(long stackBytes) {
    long bytes = Math.max(SMALLEST_BYTES, Long.highestOneBit(stackBytes));
    return new StackClass(bytes < stackBytes ? bytes << 1 : bytes);
  }
}
