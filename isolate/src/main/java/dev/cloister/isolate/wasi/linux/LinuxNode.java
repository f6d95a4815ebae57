package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.FileStat;
import dev.cloister.isolate.wasi.FileSystemNode;
import org.jspecify.annotations.Nullable;

/// What all nodes of a host folder have: a descriptor, which pins what it stands for. Whatever
/// happens to its name, the node stays the same file. It is closed with the last hold. Confined to
/// the guest's thread.
abstract sealed class LinuxNode permits LinuxDirectory, LinuxFile, LinuxSymlink {
  private final LinuxTree tree;
  private final @Nullable Place place;
  private final int descriptor;
  private int holds = 1;

  /// Where a file or link was found; the directory is held as long as the node is.
  ///
  /// @param directory the directory
  /// @param name its name there then
  record Place(LinuxDirectory directory, String name) {}

  /// Makes a node that is held once, and takes `descriptor` over.
  LinuxNode(LinuxTree tree, @Nullable Place place, int descriptor) {
    this.tree = tree;
    this.place = place;
    this.descriptor = descriptor;
    if (place != null) {
      place.directory().retain();
    }
  }

  LinuxTree tree() {
    return tree;
  }

  LinuxCalls calls() {
    return tree.calls();
  }

  /// Where it was found: what takes no descriptor is done by the name there. Whoever renames files
  /// in that moment may make it another file of the same directory, and nothing else.
  ///
  /// @throws IllegalStateException for directories and open files, which need none: a bug
  Place requirePlace() {
    if (place == null) {
      throw new IllegalStateException("no place is known for " + getClass().getSimpleName());
    }
    return place;
  }

  int descriptor() {
    return descriptor;
  }

  /// The attributes now.
  public FileStat stat() {
    return calls().stat(descriptor);
  }

  /// Sets the times, by the name.
  public void changeTimes(long accessNanos, long modificationNanos) {
    tree.requireWritable();
    Place found = requirePlace();
    calls()
        .changeTimesAt(
            found.directory().descriptor(), found.name(), accessNanos, modificationNanos);
  }

  /// Holds the node once more.
  public void retain() {
    holds++;
  }

  /// Lets go of one hold.
  public void release() {
    if (--holds == 0) {
      tree.close(descriptor);
      closed();
      if (place != null) {
        place.directory().release();
      }
    }
  }

  /// The last hold is gone.
  void closed() {}

  /// `node` as one of this folder, which other nodes are given in the same call.
  ///
  /// @throws dev.cloister.isolate.wasi.ErrnoException `XDEV` if it is of another
  LinuxNode own(FileSystemNode node) {
    if (node instanceof LinuxNode other && other.tree == tree) {
      return other;
    }
    throw Errno.XDEV.exception();
  }
}
