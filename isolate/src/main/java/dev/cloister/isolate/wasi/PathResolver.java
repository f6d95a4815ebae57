package dev.cloister.isolate.wasi;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Finds what a guest's path means, one name at a time, below one directory.
///
/// Symbolic links are followed here and nowhere else, `..` never leads above the directory that the
/// walk began in, and a link to an absolute path leads nowhere: so a path cannot leave what the
/// descriptor stands for, whatever links a guest or its tenant has made.
final class PathResolver {
  /// The most links followed on one walk.
  private static final int MAX_LINKS = 40;

  /// The most directories between the base and the end of a path: each is held during the walk.
  static final int MAX_DEPTH = 256;

  /// The directories from the base on, each of them held.
  private final Deque<DirectoryNode> directories = new ArrayDeque<>();

  private final Deque<String> names = new ArrayDeque<>();
  private boolean mustBeDirectory;
  private int linksFollowed;

  private PathResolver(DirectoryNode base) {
    base.retain();
    directories.push(base);
  }

  /// What `path` below `base` stands for.
  ///
  /// @param followLast whether a link at the end is followed
  /// @throws ErrnoException `NOENT`, `NOTDIR`, `LOOP`, `NAMETOOLONG`, `PERM` for a path that leads
  ///   out
  static ResolvedPath resolve(DirectoryNode base, String path, boolean followLast) {
    PathResolver resolver = new PathResolver(base);
    try {
      resolver.push(path);
      return resolver.walk(followLast);
    } finally {
      resolver.directories.forEach(DirectoryNode::release);
    }
  }

  private ResolvedPath walk(boolean followLast) {
    while (true) {
      String name = names.poll();
      if (name == null) {
        return new ResolvedPath(null, ".", held(current()), mustBeDirectory);
      }
      if (name.equals("..")) {
        leave();
        continue;
      }
      FileSystemNode node = current().lookup(name);
      boolean isLast = names.isEmpty();
      if (node instanceof SymlinkNode link && (!isLast || followLast || mustBeDirectory)) {
        follow(link);
      } else if (isLast) {
        return new ResolvedPath(held(current()), name, node, mustBeDirectory);
      } else {
        enter(node);
      }
    }
  }

  private DirectoryNode current() {
    return directories.element();
  }

  private static DirectoryNode held(DirectoryNode directory) {
    directory.retain();
    return directory;
  }

  private void enter(@Nullable FileSystemNode node) {
    switch (node) {
      case null -> throw Errno.NOENT.exception();
      case DirectoryNode directory -> {
        directories.push(directory);
        if (directories.size() > MAX_DEPTH) {
          throw Errno.NAMETOOLONG.exception();
        }
      }
      case RegularFileNode _, SymlinkNode _ -> {
        node.release();
        throw Errno.NOTDIR.exception();
      }
    }
  }

  private void leave() {
    directories.pop().release();
    if (directories.isEmpty()) {
      throw Errno.PERM.exception();
    }
  }

  private void follow(SymlinkNode link) {
    try {
      if (++linksFollowed > MAX_LINKS) {
        throw Errno.LOOP.exception();
      }
      push(link.target());
    } finally {
      link.release();
    }
  }

  /// Puts the names of `path` before those that are left.
  private void push(String path) {
    if (path.isEmpty()) {
      throw Errno.NOENT.exception();
    }
    if (path.startsWith("/")) {
      throw Errno.PERM.exception();
    }
    boolean isLast = names.isEmpty();
    String[] parts = path.split("/", -1);
    for (int i = parts.length - 1; i >= 0; i--) {
      GuestPath.requireName(parts[i]);
      if (!parts[i].isEmpty() && !parts[i].equals(".")) {
        names.push(parts[i]);
      }
    }
    String last = parts[parts.length - 1];
    if (isLast && (last.isEmpty() || last.equals(".") || last.equals(".."))) {
      mustBeDirectory = true;
    }
  }
}
