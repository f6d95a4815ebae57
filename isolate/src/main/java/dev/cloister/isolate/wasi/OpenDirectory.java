package dev.cloister.isolate.wasi;

import org.jspecify.annotations.Nullable;

/// An open directory, or one that the guest was given.
final class OpenDirectory extends Descriptor {
  private final DirectoryNode node;
  private final @Nullable String preopenedAs;

  /// Opens `node`, whose hold it takes over.
  ///
  /// @param preopenedAs the guest's name for it if it was given, else null
  OpenDirectory(
      DirectoryNode node,
      @Nullable String preopenedAs,
      long rights,
      long inheritingRights,
      int flags) {
    super(rights, inheritingRights, flags);
    this.node = node;
    this.preopenedAs = preopenedAs;
  }

  DirectoryNode node() {
    return node;
  }

  @Nullable String preopenedAs() {
    return preopenedAs;
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
