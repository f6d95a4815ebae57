package dev.cloister.isolate.wasi;

/// An open regular file with its position.
final class OpenFile extends Descriptor {
  private final RegularFileNode node;
  private long position;

  /// Opens `node`, whose hold it takes over.
  OpenFile(RegularFileNode node, long rights, int flags) {
    super(rights, 0, flags);
    this.node = node;
  }

  RegularFileNode node() {
    return node;
  }

  long position() {
    return position;
  }

  void moveTo(long newPosition) {
    position = newPosition;
  }

  boolean appends() {
    return (flags() & FdFlags.APPEND) != 0;
  }

  @Override
  FileStat stat() {
    return node.stat();
  }

  @Override
  void close() {
    node.release();
  }
}
