package dev.cloister.isolate.wasi;

import org.jspecify.annotations.Nullable;

/// A directory. Names are single: without `/`, neither empty nor `.` nor `..`.
public non-sealed interface DirectoryNode extends FileSystemNode {
  /// What `name` stands for, or null. A symbolic link is returned itself.
  @Nullable FileSystemNode lookup(String name);

  /// The first entry after `cookie`, or null at the end.
  ///
  /// @param cookie [DirectoryEntry#cookie()] of the entry before, or 0 to begin
  @Nullable DirectoryEntry entryAfter(long cookie);

  /// The number of the directory above; its own for a root.
  long parentInode();

  /// Makes an empty file, open for reading and writing; `EXIST` if the name is taken.
  RegularFileNode createFile(String name);

  /// Makes an empty directory; `EXIST` if the name is taken.
  void createDirectory(String name);

  /// Makes a symbolic link; `EXIST` if the name is taken.
  void createSymlink(String name, String target);

  /// Gives `node` another name here; `EXIST` if it is taken, `PERM` for a directory, `XDEV` for a
  /// node of another file system.
  void link(String name, FileSystemNode node);

  /// Removes the name of a file or link; `ISDIR` for a directory, `NOENT` if there is none.
  void unlink(String name);

  /// Removes an empty directory; `NOTDIR`, `NOTEMPTY` or `NOENT`.
  void removeDirectory(String name);

  /// Moves `name` to `newName` in `target`, replacing what is there if POSIX allows it.
  void rename(String name, DirectoryNode target, String newName);
}
