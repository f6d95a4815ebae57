package dev.cloister.engine.util;

import dev.cloister.engine.error.MalformedException;

/// A bounds-checked cursor over bytes `[position, end)` of a module. Reused by [#reset]; confined
/// to one thread. Every fault is a [MalformedException] at the place where it was found.
public final class ByteReader {

  private static final String UNEXPECTED_END = "unexpected end of section or function";

  private byte[] bytes;
  private int position;
  private int end;

  /// Creates a cursor over `bytes[from, to)`, which the caller does not change while it is read.
  public ByteReader(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    reset(from, to);
  }

  /// Starts again on `bytes[from, to)`.
  public void reset(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    reset(from, to);
  }

  /// Starts again on `[from, to)` of the same bytes.
  public void reset(int from, int to) {
    if (from < 0 || to < from || to > bytes.length) {
      throw new IllegalArgumentException("no range: [" + from + ", " + to + ")");
    }
    this.position = from;
    this.end = to;
  }

  /// Returns the offset of the next byte.
  public int position() {
    return position;
  }

  /// Returns the offset after the last byte.
  public int end() {
    return end;
  }

  /// Returns the number of bytes left.
  public int remaining() {
    return end - position;
  }

  /// Returns whether no byte is left.
  public boolean atEnd() {
    return position == end;
  }

  /// Returns the byte at the cursor without moving it, or -1 at the end.
  public int peek() {
    return position == end ? -1 : bytes[position] & 0xFF;
  }

  /// Reads a byte, in `[0, 255]`.
  public int readByte() {
    if (position == end) {
      throw new MalformedException(UNEXPECTED_END, position);
    }
    return bytes[position++] & 0xFF;
  }

  /// Passes over `count` bytes.
  public void skip(int count) {
    require(count);
    position += count;
  }

  /// Reads four bytes, lowest first.
  public int readFixed32() {
    require(4);
    int value = LittleEndian.readInt(bytes, position);
    position += 4;
    return value;
  }

  /// Reads eight bytes, lowest first.
  public long readFixed64() {
    require(8);
    long value = LittleEndian.readLong(bytes, position);
    position += 8;
    return value;
  }

  private void require(int count) {
    if (count > end - position) {
      throw new MalformedException(UNEXPECTED_END, end);
    }
  }

  /// Reads a `u32`; the result is to be taken as unsigned.
  public int readU32() {
    if (position < end && bytes[position] >= 0) {
      return bytes[position++];
    }
    return (int) readUnsigned(32);
  }

  /// Reads a `u64`; the result is to be taken as unsigned.
  public long readU64() {
    if (position < end && bytes[position] >= 0) {
      return bytes[position++];
    }
    return readUnsigned(64);
  }

  /// Reads an `s32`.
  public int readS32() {
    if (position < end && bytes[position] >= 0) {
      return (bytes[position++] << 25) >> 25;
    }
    return (int) readSigned(32);
  }

  /// Reads an `s33`: a block type or a heap type.
  public long readS33() {
    return readSigned(33);
  }

  /// Reads an `s64`.
  public long readS64() {
    return readSigned(64);
  }

  private long readUnsigned(int width) {
    int start = position;
    long value = 0;
    int shift = 0;
    while (true) {
      int b = readByte();
      if (shift + 7 > width) {
        checkLastByte(b, b >>> (width - shift) != 0, start);
      }
      value |= (long) (b & 0x7F) << shift;
      if (b < 0x80) {
        return value;
      }
      shift += 7;
    }
  }

  private long readSigned(int width) {
    int start = position;
    long value = 0;
    int shift = 0;
    while (true) {
      int b = readByte();
      if (shift + 7 > width) {
        // The unused bits must repeat the sign.
        int unusedAndSign = ((b & 0x7F) << 25) >> (25 + width - shift - 1);
        checkLastByte(b, unusedAndSign != 0 && unusedAndSign != -1, start);
      }
      value |= (long) (b & 0x7F) << shift;
      shift += 7;
      if (b < 0x80) {
        return shift < 64 ? (value << (64 - shift)) >> (64 - shift) : value;
      }
    }
  }

  /// Checks the byte of a number after which no other may follow.
  private static void checkLastByte(int b, boolean hasUnusedBits, int start) {
    if (b >= 0x80) {
      throw new MalformedException("integer representation too long", start);
    }
    if (hasUnusedBits) {
      throw new MalformedException("integer too large", start);
    }
  }
}
