package dev.cloister.isolate.wasi;

import java.util.Arrays;

/// A regular file in an array.
final class MemoryFile extends MemoryNode implements RegularFileNode {
  /// The largest file.
  static final int MAX_SIZE_BYTES = 1 << 30;

  private static final byte[] NO_BYTES = {};

  /// The content and, behind `sizeBytes`, zeros.
  private byte[] bytes = NO_BYTES;

  private int sizeBytes;

  MemoryFile(MemoryFileSystem fileSystem) {
    super(fileSystem);
  }

  @Override
  public RegularFileNode open(boolean reads, boolean writes) {
    retain();
    return this;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public int read(long offset, byte[] into, int from, int length) {
    wasRead();
    if (offset >= sizeBytes) {
      return 0;
    }
    int count = (int) Math.min(length, sizeBytes - offset);
    System.arraycopy(bytes, (int) offset, into, from, count);
    return count;
  }

  @Override
  public int write(long offset, byte[] source, int from, int length) {
    if (length == 0) {
      return 0;
    }
    if (offset > MAX_SIZE_BYTES - length) {
      throw Errno.FBIG.exception();
    }
    int end = (int) offset + length;
    ensureCapacity(end);
    System.arraycopy(source, from, bytes, (int) offset, length);
    sizeBytes = Math.max(sizeBytes, end);
    wasModified();
    return length;
  }

  @Override
  public int append(byte[] source, int from, int length) {
    return write(sizeBytes, source, from, length);
  }

  @Override
  public void allocate(long offset, long length) {
    if (offset + length > sizeBytes) {
      changeSize(offset + length);
    }
  }

  @Override
  public void changeSize(long newSizeBytes) {
    if (newSizeBytes > MAX_SIZE_BYTES) {
      throw Errno.FBIG.exception();
    }
    int newSize = (int) newSizeBytes;
    if (newSize > sizeBytes) {
      ensureCapacity(newSize);
    } else {
      Arrays.fill(bytes, newSize, sizeBytes, (byte) 0);
    }
    sizeBytes = newSize;
    wasModified();
  }

  @Override
  FileSystemNode asNode() {
    return this;
  }

  @Override
  FileType type() {
    return FileType.REGULAR_FILE;
  }

  @Override
  long contentBytes() {
    return sizeBytes;
  }

  @Override
  long chargedBytes() {
    return bytes.length;
  }

  private void ensureCapacity(int wanted) {
    if (wanted <= bytes.length) {
      return;
    }
    int spare = (int) Math.min(MAX_SIZE_BYTES, wanted + (long) bytes.length / 2);
    int capacity = chargeOneOf(spare, wanted);
    byte[] grown = Arrays.copyOf(bytes, capacity);
    fileSystem().release(bytes.length);
    bytes = grown;
  }

  /// Charges `spare` bytes or, if they do not fit, `wanted`; returns which. Old and new array exist
  /// together for a moment, so the new one is charged whole.
  private int chargeOneOf(int spare, int wanted) {
    if (fileSystem().tryCharge(spare)) {
      return spare;
    }
    fileSystem().charge(wanted);
    return wanted;
  }
}
