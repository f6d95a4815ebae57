package dev.cloister.engine.util;

/// Integers of fixed width in byte arrays, lowest byte first, at any offset.
public final class LittleEndian {

  private LittleEndian() {}

  /// Returns the four bytes at `offset`.
  public static int readInt(byte[] bytes, int offset) {
    return (bytes[offset] & 0xFF)
        | (bytes[offset + 1] & 0xFF) << 8
        | (bytes[offset + 2] & 0xFF) << 16
        | bytes[offset + 3] << 24;
  }

  /// Returns the eight bytes at `offset`.
  public static long readLong(byte[] bytes, int offset) {
    return Integer.toUnsignedLong(readInt(bytes, offset)) | (long) readInt(bytes, offset + 4) << 32;
  }
}
