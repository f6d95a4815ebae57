package dev.cloister.isolate.wasi;

/// A file, directory or symbolic link of a virtual file system.
///
/// Nodes know nothing of paths, descriptors and rights: [PathResolver] walks directories one name
/// at a time, so no implementation ever sees more than a single name. Whoever is given a node, by a
/// method that does not say otherwise, holds it and lets it go by [#release()]. Confined to the
/// guest's thread.
public sealed interface FileSystemNode permits DirectoryNode, RegularFileNode, SymlinkNode {
  /// The attributes now.
  FileStat stat();

  /// Sets the times, in nanoseconds since 1970.
  void changeTimes(long accessNanos, long modificationNanos);

  /// Waits until what was written is where the file system keeps it for good.
  ///
  /// @param isDataOnly whether times and the like may be left for later
  void sync(boolean isDataOnly);

  /// Holds the node once more.
  void retain();

  /// Lets go of one hold. Without holds what the node needs of the machine is returned; without
  /// names, too, the node is gone.
  void release();
}
