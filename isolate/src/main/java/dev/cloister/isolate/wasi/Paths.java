package dev.cloister.isolate.wasi;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// `path_*`.
final class Paths {
  /// How often a file is opened that others make and remove meanwhile.
  private static final int MAX_ATTEMPTS = 16;

  private final FdTable descriptors;
  private final WasiClock clock;
  private final WasiSnapshot snapshot;

  Paths(FdTable descriptors, WasiClock clock, WasiSnapshot snapshot) {
    this.descriptors = descriptors;
    this.clock = clock;
    this.snapshot = snapshot;
  }

  int pathOpen(
      GuestMemory memory,
      int fd,
      int lookupFlags,
      int path,
      int length,
      int openFlags,
      long rights,
      long inheritingRights,
      int fdFlags,
      int result) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_OPEN);
    PathOpening opening =
        new PathOpening(
            base, OpenFlags.require(openFlags), rights, inheritingRights, FdFlags.require(fdFlags));
    memory.check(result, Integer.BYTES);
    descriptors.requireFree(); // before a file is made, or cut
    boolean followLast = LookupFlags.followsLast(lookupFlags);
    String name = GuestPath.read(memory, path, length);
    memory.setInt32(result, descriptors.add(open(opening, name, followLast)));
    return Errno.SUCCESS.code();
  }

  /// Opens `path`, again if it was to be made unless it is there, and then it was.
  private static Descriptor open(PathOpening opening, String path, boolean followLast) {
    for (int attempt = 1; ; attempt++) {
      try (ResolvedPath resolved = PathResolver.resolve(opening.base().node(), path, followLast)) {
        return opening.open(resolved);
      } catch (ErrnoException e) {
        if (!opening.isBeaten(e.errno()) || attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  int pathCreateDirectory(GuestMemory memory, int fd, int path, int length) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_CREATE_DIRECTORY);
    try (ResolvedPath resolved = resolve(memory, base, path, length, false)) {
      resolved.requireParent(Errno.EXIST).createDirectory(resolved.name());
      return Errno.SUCCESS.code();
    }
  }

  int pathRemoveDirectory(GuestMemory memory, int fd, int path, int length) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_REMOVE_DIRECTORY);
    try (ResolvedPath resolved = resolve(memory, base, path, length, false)) {
      resolved.requireParent(Errno.INVAL).removeDirectory(resolved.name());
      return Errno.SUCCESS.code();
    }
  }

  int pathUnlinkFile(GuestMemory memory, int fd, int path, int length) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_UNLINK_FILE);
    try (ResolvedPath resolved = resolve(memory, base, path, length, false)) {
      resolved.requireNode();
      resolved.requireParent(Errno.ISDIR).unlink(resolved.name());
      return Errno.SUCCESS.code();
    }
  }

  int pathFilestatGet(GuestMemory memory, int fd, int flags, int path, int length, int result) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_FILESTAT_GET);
    boolean followLast = LookupFlags.followsLast(flags);
    try (ResolvedPath resolved = resolve(memory, base, path, length, followLast)) {
      snapshot.write(memory, result, resolved.requireNode().stat());
      return Errno.SUCCESS.code();
    }
  }

  int pathFilestatSetTimes(
      GuestMemory memory,
      int fd,
      int flags,
      int path,
      int length,
      long accessNanos,
      long modificationNanos,
      int timeFlags) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_FILESTAT_SET_TIMES);
    boolean followLast = LookupFlags.followsLast(flags);
    try (ResolvedPath resolved = resolve(memory, base, path, length, followLast)) {
      FileTimes.apply(resolved.requireNode(), accessNanos, modificationNanos, timeFlags, clock);
      return Errno.SUCCESS.code();
    }
  }

  int pathLink(
      GuestMemory memory,
      int oldFd,
      int oldFlags,
      int oldPath,
      int oldLength,
      int newFd,
      int newPath,
      int newLength) {
    OpenDirectory oldBase = descriptors.directory(oldFd, Rights.PATH_LINK_SOURCE);
    OpenDirectory newBase = descriptors.directory(newFd, Rights.PATH_LINK_TARGET);
    if (LookupFlags.followsLast(oldFlags)) {
      return Errno.INVAL.code(); // a link is made to what has the name
    }
    try (ResolvedPath source = resolve(memory, oldBase, oldPath, oldLength, false);
        ResolvedPath target = resolve(memory, newBase, newPath, newLength, false)) {
      FileSystemNode node = source.requireNode();
      DirectoryNode parent = target.requireParent(Errno.EXIST);
      if (target.mustBeDirectory()) {
        return Errno.NOENT.code();
      }
      parent.link(target.name(), node);
      return Errno.SUCCESS.code();
    }
  }

  int pathSymlink(GuestMemory memory, int target, int targetLength, int fd, int path, int length) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_SYMLINK);
    String content = GuestPath.read(memory, target, targetLength);
    if (content.isEmpty()) {
      return Errno.NOENT.code();
    }
    if (content.startsWith("/")) {
      return Errno.PERM.code(); // it would point outside of everything
    }
    try (ResolvedPath resolved = resolve(memory, base, path, length, false)) {
      DirectoryNode parent = resolved.requireParent(Errno.EXIST);
      if (resolved.node() != null) {
        return Errno.EXIST.code();
      }
      if (resolved.mustBeDirectory()) {
        return Errno.NOENT.code();
      }
      parent.createSymlink(resolved.name(), content);
      return Errno.SUCCESS.code();
    }
  }

  int pathReadlink(
      GuestMemory memory, int fd, int path, int length, int buffer, int bufferLength, int result) {
    OpenDirectory base = descriptors.directory(fd, Rights.PATH_READLINK);
    try (ResolvedPath resolved = resolve(memory, base, path, length, false)) {
      if (!(resolved.requireNode() instanceof SymlinkNode link)) {
        return Errno.INVAL.code();
      }
      memory.check(buffer, bufferLength);
      byte[] target = link.target().getBytes(StandardCharsets.UTF_8);
      int count = (int) Math.min(target.length, Integer.toUnsignedLong(bufferLength));
      memory.write(buffer, target, 0, count);
      memory.setInt32(result, count);
      return Errno.SUCCESS.code();
    }
  }

  int pathRename(
      GuestMemory memory,
      int oldFd,
      int oldPath,
      int oldLength,
      int newFd,
      int newPath,
      int newLength) {
    OpenDirectory oldBase = descriptors.directory(oldFd, Rights.PATH_RENAME_SOURCE);
    OpenDirectory newBase = descriptors.directory(newFd, Rights.PATH_RENAME_TARGET);
    try (ResolvedPath source = resolve(memory, oldBase, oldPath, oldLength, false);
        ResolvedPath target = resolve(memory, newBase, newPath, newLength, false)) {
      FileSystemNode node = source.requireNode();
      requireDirectoryIfSlashed(target, node);
      source
          .requireParent(Errno.BUSY)
          .rename(source.name(), target.requireParent(Errno.BUSY), target.name());
      return Errno.SUCCESS.code();
    }
  }

  /// Only a directory can get a name that ends in a slash.
  private static void requireDirectoryIfSlashed(ResolvedPath target, FileSystemNode moved) {
    if (target.mustBeDirectory() && !(moved instanceof DirectoryNode)) {
      @Nullable FileSystemNode replaced = target.node();
      throw (replaced instanceof DirectoryNode ? Errno.ISDIR : Errno.NOTDIR).exception();
    }
  }

  private static ResolvedPath resolve(
      GuestMemory memory, OpenDirectory base, int path, int length, boolean followLast) {
    return PathResolver.resolve(base.node(), GuestPath.read(memory, path, length), followLast);
  }
}
