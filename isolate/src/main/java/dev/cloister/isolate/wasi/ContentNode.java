package dev.cloister.isolate.wasi;

/// What all nodes of a [ContentTree] have: a number, and no way to be changed.
abstract sealed class ContentNode permits ContentDirectory, ContentFile {
  /// The device number of every tree.
  private static final long DEVICE = 2;

  private final long inode;

  ContentNode(long inode) {
    this.inode = inode;
  }

  abstract FileSystemNode asNode();

  abstract FileType type();

  abstract long contentBytes();

  long inode() {
    return inode;
  }

  /// The attributes; the times are those of 1970, as content has none.
  public FileStat stat() {
    return new FileStat(DEVICE, inode, type(), 1, contentBytes(), 0, 0, 0);
  }

  /// Refuses.
  public void changeTimes(long accessNanos, long modificationNanos) {
    throw readOnly();
  }

  /// Does nothing: nothing was written.
  public void sync(boolean isDataOnly) {}

  /// Does nothing: nodes live as long as their tree.
  public void retain() {}

  /// Does nothing.
  public void release() {}

  static ErrnoException readOnly() {
    return Errno.ROFS.exception();
  }
}
