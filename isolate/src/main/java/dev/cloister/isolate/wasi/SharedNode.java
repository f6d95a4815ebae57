package dev.cloister.isolate.wasi;

/// A node of a [SharedFileSystem]: one in memory, behind that file system's lock.
abstract sealed class SharedNode permits SharedDirectory, SharedFile, SharedSymlink {
  private final SharedFileSystem fileSystem;
  private final FileSystemNode node;

  SharedNode(SharedFileSystem fileSystem, FileSystemNode node) {
    this.fileSystem = fileSystem;
    this.node = node;
  }

  SharedFileSystem fileSystem() {
    return fileSystem;
  }

  /// The node in memory that `other` stands for.
  ///
  /// @throws ErrnoException `XDEV` if it is of another file system
  FileSystemNode unshare(FileSystemNode other) {
    if (other instanceof SharedNode shared && shared.fileSystem.equals(fileSystem)) {
      return shared.node;
    }
    throw Errno.XDEV.exception();
  }

  /// The attributes now.
  public FileStat stat() {
    return fileSystem.locked(node::stat);
  }

  /// Sets the times.
  public void changeTimes(long accessNanos, long modificationNanos) {
    run(() -> node.changeTimes(accessNanos, modificationNanos));
  }

  /// Does nothing: there is nowhere else that anything could be kept.
  public void sync(boolean isDataOnly) {}

  /// Holds the node once more.
  public void retain() {
    fileSystem.lockedIfOpen(node::retain);
  }

  /// Lets go of one hold.
  public void release() {
    fileSystem.lockedIfOpen(node::release);
  }

  void run(Runnable work) {
    boolean _ =
        fileSystem.locked(() -> {
          work.run();
          return true;
        });
  }
}
