package dev.cloister.isolate.wasi;

/// What all nodes of a [MemoryFileSystem] have: a number, names, holds, times.
abstract sealed class MemoryNode permits MemoryDirectory, MemoryFile, MemorySymlink {
  /// The device number of every file system in memory.
  private static final long DEVICE = 1;

  private final MemoryFileSystem fileSystem;
  private final long inode;
  private long links;
  private int holds;
  private long accessNanos;
  private long modificationNanos;
  private long changeNanos;

  /// Makes a node that is charged, has no name yet and belongs to `fileSystem`.
  MemoryNode(MemoryFileSystem fileSystem) {
    this.fileSystem = fileSystem;
    this.inode = fileSystem.nextInode();
    long now = fileSystem.nowNanos();
    this.accessNanos = now;
    this.modificationNanos = now;
    this.changeNanos = now;
  }

  /// This node under its interface.
  abstract FileSystemNode asNode();

  abstract FileType type();

  abstract long contentBytes();

  /// What is charged for the node beyond [MemoryFileSystem#NODE_BYTES].
  abstract long chargedBytes();

  MemoryFileSystem fileSystem() {
    return fileSystem;
  }

  long inode() {
    return inode;
  }

  boolean isNamed() {
    return links > 0;
  }

  void named() {
    links++;
    changeNanos = fileSystem.nowNanos();
  }

  void unnamed() {
    links--;
    changeNanos = fileSystem.nowNanos();
    releaseIfGone();
  }

  void wasRead() {
    accessNanos = fileSystem.nowNanos();
  }

  void wasModified() {
    modificationNanos = fileSystem.nowNanos();
    changeNanos = modificationNanos;
  }

  /// The attributes now.
  public FileStat stat() {
    return new FileStat(
        DEVICE, inode, type(), links, contentBytes(), accessNanos, modificationNanos, changeNanos);
  }

  /// Sets the times.
  public void changeTimes(long newAccessNanos, long newModificationNanos) {
    accessNanos = newAccessNanos;
    modificationNanos = newModificationNanos;
    changeNanos = fileSystem.nowNanos();
  }

  /// Does nothing: there is nowhere else that anything could be kept.
  public void sync(boolean isDataOnly) {}

  /// Holds the node once more.
  public void retain() {
    holds++;
  }

  /// Lets go of one hold.
  public void release() {
    holds--;
    releaseIfGone();
  }

  private void releaseIfGone() {
    if (links == 0 && holds == 0) {
      fileSystem.release(MemoryFileSystem.NODE_BYTES + chargedBytes());
    }
  }
}
