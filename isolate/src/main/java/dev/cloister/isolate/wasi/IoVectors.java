package dev.cloister.isolate.wasi;

/// The buffers of a scattered read or a gathered write, checked.
///
/// @param addresses where each begins
/// @param lengths how long each is
@SuppressWarnings("ArrayRecordComponent") // made for one call, never compared
record IoVectors(int[] addresses, int[] lengths) {
  /// The most buffers of one call.
  private static final int MAX_COUNT = 1024;

  private static final int VECTOR_BYTES = 8;

  /// Reads `count` vectors at `address`.
  ///
  /// @throws ErrnoException `FAULT` if they or a buffer are outside the memory, `INVAL` if there
  ///   are more than 1024 or their lengths add up to more than 2^31-1
  static IoVectors read(GuestMemory memory, int address, int count) {
    if (Integer.compareUnsigned(count, MAX_COUNT) > 0) {
      throw Errno.INVAL.exception();
    }
    memory.check(address, count * VECTOR_BYTES);
    int[] addresses = new int[count];
    int[] lengths = new int[count];
    long sum = 0;
    for (int i = 0; i < count; i++) {
      addresses[i] = memory.int32(address + i * VECTOR_BYTES);
      lengths[i] = memory.int32(address + i * VECTOR_BYTES + 4);
      memory.check(addresses[i], lengths[i]);
      sum += Integer.toUnsignedLong(lengths[i]);
    }
    if (sum > Integer.MAX_VALUE) {
      throw Errno.INVAL.exception();
    }
    return new IoVectors(addresses, lengths);
  }

  int count() {
    return addresses.length;
  }
}
