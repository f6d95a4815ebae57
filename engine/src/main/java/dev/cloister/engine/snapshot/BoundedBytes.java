package dev.cloister.engine.snapshot;

import java.io.ByteArrayOutputStream;

/// Bytes of which there may be only so many.
final class BoundedBytes extends ByteArrayOutputStream {
  /// The longest array that every JVM makes.
  private static final long MAX_ARRAY_BYTES = Integer.MAX_VALUE - 64;

  private final long maxBytes;

  BoundedBytes(long maxBytes) {
    this.maxBytes = Math.min(maxBytes, MAX_ARRAY_BYTES);
  }

  /// That there would be more bytes than there may.
  static final class FullException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @Override
  public synchronized void write(int value) {
    check(1);
    super.write(value);
  }

  @Override
  public synchronized void write(byte[] bytes, int from, int length) {
    check(length);
    super.write(bytes, from, length);
  }

  private void check(int length) {
    if ((long) size() + length > maxBytes) {
      throw new FullException();
    }
  }
}
