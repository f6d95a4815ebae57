package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.DirectoryEntry;
import dev.cloister.isolate.wasi.DirectoryNode;
import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.ErrnoException;
import dev.cloister.isolate.wasi.FileStat;
import dev.cloister.isolate.wasi.FileSystemNode;
import dev.cloister.isolate.wasi.RegularFileNode;
import org.jspecify.annotations.Nullable;

/// A directory in a host folder.
///
/// Its descriptor is a place to go on from; to list or sync it another one is opened.
final class LinuxDirectory extends LinuxNode implements DirectoryNode {
  private static final int NONE = -1;

  private final long inode;
  private final long parentInode;
  private int listed = NONE;
  private @Nullable LinuxEntries entries;

  /// Takes `descriptor` over.
  LinuxDirectory(LinuxTree tree, int descriptor, long inode, long parentInode) {
    super(tree, null, descriptor);
    this.inode = inode;
    this.parentInode = parentInode;
  }

  @Override
  public @Nullable FileSystemNode lookup(String name) {
    int found;
    try {
      found = tree().opened(() -> calls().openAt(descriptor(), name, LinuxCalls.OPEN_PATH));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.NOENT) {
        return null;
      }
      throw e;
    }
    Place place = new Place(this, name);
    FileStat stat = tree().statOrClose(found);
    return switch (stat.type()) {
      case DIRECTORY -> new LinuxDirectory(tree(), found, stat.inode(), inode);
      case SYMBOLIC_LINK -> new LinuxSymlink(tree(), place, found);
      case UNKNOWN, BLOCK_DEVICE, CHARACTER_DEVICE, REGULAR_FILE, SOCKET_DGRAM, SOCKET_STREAM ->
          LinuxFile.found(tree(), place, found);
    };
  }

  @Override
  public @Nullable DirectoryEntry entryAfter(long cookie) {
    LinuxEntries list = entries;
    if (list == null) {
      list = new LinuxEntries(calls(), listed());
      entries = list;
    }
    return list.after(cookie);
  }

  @Override
  public long parentInode() {
    return parentInode;
  }

  @Override
  public RegularFileNode createFile(String name) {
    tree().requireWritable();
    int flags = LinuxCalls.OPEN_READ_WRITE | LinuxCalls.OPEN_CREATE | LinuxCalls.OPEN_EXCLUSIVE;
    int created = tree().opened(() -> calls().openAt(descriptor(), name, flags));
    return LinuxFile.open(tree(), created);
  }

  @Override
  public void createDirectory(String name) {
    tree().requireWritable();
    calls().makeDirectory(descriptor(), name);
  }

  @Override
  public void createSymlink(String name, String target) {
    tree().requireWritable();
    calls().symlink(target, descriptor(), name);
  }

  @Override
  public void link(String name, FileSystemNode node) {
    tree().requireWritable();
    LinuxNode linked = own(node);
    if (linked instanceof LinuxDirectory) {
      throw Errno.PERM.exception();
    }
    Place source = linked.requirePlace();
    calls().link(source.directory().descriptor(), source.name(), descriptor(), name);
  }

  @Override
  public void unlink(String name) {
    tree().requireWritable();
    calls().unlink(descriptor(), name);
  }

  @Override
  public void removeDirectory(String name) {
    tree().requireWritable();
    calls().removeDirectory(descriptor(), name);
  }

  @Override
  public void rename(String name, DirectoryNode target, String newName) {
    tree().requireWritable();
    calls().rename(descriptor(), name, own(target).descriptor(), newName);
  }

  /// Sets the times, by the directory itself.
  @Override
  public void changeTimes(long accessNanos, long modificationNanos) {
    tree().requireWritable();
    calls().changeTimesAt(descriptor(), ".", accessNanos, modificationNanos);
  }

  @Override
  public void sync(boolean isDataOnly) {
    tree().sync(listed(), isDataOnly);
  }

  @Override
  void closed() {
    if (listed != NONE) {
      tree().close(listed);
    }
  }

  /// The descriptor by which the directory is read, opened at first use.
  private int listed() {
    if (listed == NONE) {
      listed = tree().opened(() -> calls().reopenDirectory(descriptor(), LinuxCalls.OPEN_READ));
    }
    return listed;
  }
}
