package dev.cloister.isolate.wasi;

/// A symbolic link.
public non-sealed interface SymlinkNode extends FileSystemNode {
  /// Where it points, as it was written.
  String target();
}
