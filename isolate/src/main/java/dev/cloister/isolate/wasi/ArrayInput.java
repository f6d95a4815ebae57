package dev.cloister.isolate.wasi;

/// Input from an array.
final class ArrayInput implements InputSource {
  private final byte[] bytes;
  private int position;

  ArrayInput(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public boolean isReady() {
    return true;
  }

  @Override
  public int read(byte[] into, int from, int length) {
    int count = Math.min(length, bytes.length - position);
    if (count == 0) {
      return -1;
    }
    System.arraycopy(bytes, position, into, from, count);
    position += count;
    return count;
  }
}
