package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.Store;

/// `random_get`.
final class Randomness {
  private static final int SLICE_BYTES = 1 << 16;

  private final RandomSource random;
  private final Store store;

  Randomness(RandomSource random, Store store) {
    this.random = random;
    this.store = store;
  }

  /// Fills the buffer slice by slice, so that a stop need not wait for a large one.
  int randomGet(GuestMemory memory, int buffer, int length) {
    memory.check(buffer, length);
    long left = Integer.toUnsignedLong(length);
    byte[] slice = new byte[(int) Math.min(left, SLICE_BYTES)];
    int address = buffer;
    while (left > 0) {
      store.throwIfStopped();
      random.fill(slice);
      int count = (int) Math.min(left, SLICE_BYTES);
      memory.write(address, slice, 0, count);
      address += count;
      left -= count;
    }
    return Errno.SUCCESS.code();
  }
}
