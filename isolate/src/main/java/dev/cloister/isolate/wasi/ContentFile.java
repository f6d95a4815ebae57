package dev.cloister.isolate.wasi;

/// A file of a [ContentTree].
final class ContentFile extends ContentNode implements RegularFileNode {
  private final byte[] bytes;

  ContentFile(long inode, byte[] bytes) {
    super(inode);
    this.bytes = bytes;
  }

  @Override
  public RegularFileNode open(boolean reads, boolean writes) {
    if (writes) {
      throw readOnly();
    }
    return this;
  }

  @Override
  public long sizeBytes() {
    return bytes.length;
  }

  @Override
  public int read(long offset, byte[] into, int from, int length) {
    if (offset >= bytes.length) {
      return 0;
    }
    int count = (int) Math.min(length, bytes.length - offset);
    System.arraycopy(bytes, (int) offset, into, from, count);
    return count;
  }

  @Override
  public int write(long offset, byte[] source, int from, int length) {
    throw readOnly();
  }

  @Override
  public int append(byte[] source, int from, int length) {
    throw readOnly();
  }

  @Override
  public void allocate(long offset, long length) {
    throw readOnly();
  }

  @Override
  public void changeSize(long sizeBytes) {
    throw readOnly();
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
    return bytes.length;
  }
}
