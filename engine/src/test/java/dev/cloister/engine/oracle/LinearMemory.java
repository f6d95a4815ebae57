package dev.cloister.engine.oracle;

import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.types.MemoryType;
import java.util.Arrays;

/// A memory as the specification has it (Spec 4.2.8): a vector of bytes, accessed one by one.
final class LinearMemory {
  /// As large as a memory of a test may become.
  private static final long MAX_BYTES = 1L << 26;

  final MemoryType type;
  byte[] bytes;

  LinearMemory(MemoryType type) {
    this.type = type;
    long size = type.limits().min() << type.pageSizeLog2();
    if (size < 0 || size > MAX_BYTES) {
      throw new Guest.TooLong("memory of " + size + " bytes");
    }
    this.bytes = new byte[(int) size];
  }

  long pages() {
    return (long) bytes.length >>> type.pageSizeLog2();
  }

  /// Returns the former number of pages, or -1.
  long grow(long pages) {
    long former = pages();
    long most = MAX_BYTES >>> type.pageSizeLog2();
    if (type.limits().hasMax() && Long.compareUnsigned(type.limits().max(), most) < 0) {
      most = type.limits().max();
    }
    if (Long.compareUnsigned(pages, most - former) > 0) {
      return -1;
    }
    bytes = Arrays.copyOf(bytes, (int) ((former + pages) << type.pageSizeLog2()));
    return former;
  }

  /// Returns the index of the first byte of an access.
  ///
  /// @param address unsigned
  /// @param offset unsigned
  int checked(long address, long offset, long length) {
    long size = bytes.length;
    if (Long.compareUnsigned(address, size) > 0
        || Long.compareUnsigned(offset, size) > 0
        || Long.compareUnsigned(length, size) > 0
        || address + offset + length > size) {
      throw new Guest.Trap(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
    return (int) (address + offset);
  }

  /// Reads up to eight bytes, the lowest first, zero-extended.
  long read(int from, int length) {
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (bytes[from + i] & 0xffL) << (8 * i);
    }
    return value;
  }

  void write(int to, int length, long value) {
    for (int i = 0; i < length; i++) {
      bytes[to + i] = (byte) (value >>> (8 * i));
    }
  }
}
