package dev.cloister.isolate.wasi;

import org.jspecify.annotations.Nullable;

/// What a path stands for. It holds the nodes until it is closed.
///
/// @param parent the directory that holds the last name; null if the path is the base or ends in
///   `..`
/// @param name the last name there, `.` without a parent
/// @param node what is there, or null
/// @param mustBeDirectory whether the path says so, by a `/` or a `.` at its end
record ResolvedPath(
    @Nullable DirectoryNode parent,
    String name,
    @Nullable FileSystemNode node,
    boolean mustBeDirectory)
    implements AutoCloseable {

  /// What is there.
  ///
  /// @throws ErrnoException `NOENT` if nothing is, `NOTDIR` if it should be a directory and is not
  FileSystemNode requireNode() {
    if (node == null) {
      throw Errno.NOENT.exception();
    }
    if (mustBeDirectory && !(node instanceof DirectoryNode)) {
      throw Errno.NOTDIR.exception();
    }
    return node;
  }

  /// The directory that holds the last name.
  ///
  /// @throws ErrnoException `ifNone` if the path is the base itself
  DirectoryNode requireParent(Errno ifNone) {
    if (parent == null) {
      throw ifNone.exception();
    }
    return parent;
  }

  /// Lets go of the nodes.
  @Override
  public void close() {
    if (node != null) {
      node.release();
    }
    if (parent != null) {
      parent.release();
    }
  }
}
