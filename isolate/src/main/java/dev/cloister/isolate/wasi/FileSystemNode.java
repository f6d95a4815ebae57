package dev.cloister.isolate.wasi;

/// A file, directory or symbolic link of a virtual file system.
///
/// Nodes know nothing of paths, descriptors and rights: [PathResolver] walks directories one name
/// at a time, so no implementation ever sees more than a single name. Confined to the guest's
/// thread.
public sealed interface FileSystemNode permits DirectoryNode, RegularFileNode, SymlinkNode {
  /// The attributes now.
  FileStat stat();

  /// Sets the times, in nanoseconds since 1970.
  void changeTimes(long accessNanos, long modificationNanos);

  /// A descriptor on this node was opened.
  void opened();

  /// A descriptor on this node was closed. Without names and descriptors the node is gone.
  void closed();
}
