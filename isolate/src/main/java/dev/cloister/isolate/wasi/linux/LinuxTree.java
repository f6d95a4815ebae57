package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.DirectoryNode;
import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.FileStat;
import java.util.List;

/// One host folder as one guest has it: what all nodes in it share. Confined to the guest's thread.
final class LinuxTree {
  /// The most descriptors of one guest in one folder: what it has open, and the directories of the
  /// path that is being walked.
  static final int MAX_DESCRIPTORS = 1024;

  private final LinuxCalls calls;
  private final boolean isReadOnly;
  private final BlockingRegion blocking;
  private final HostDescriptors descriptors = new HostDescriptors(MAX_DESCRIPTORS, Errno.MFILE);

  /// Who counts what is opened.
  private final List<HostDescriptors> counts;

  LinuxTree(
      LinuxCalls calls, boolean isReadOnly, BlockingRegion blocking, HostDescriptors ofTenant) {
    counts = List.of(descriptors, ofTenant, HostDescriptors.ALL);
    this.calls = calls;
    this.isReadOnly = isReadOnly;
    this.blocking = blocking;
  }

  /// The folder at `path` itself.
  DirectoryNode open(String path) {
    int descriptor = opened(() -> calls.openRoot(path));
    long inode = statOrClose(descriptor).inode();
    return new LinuxDirectory(this, descriptor, inode, inode);
  }

  LinuxCalls calls() {
    return calls;
  }

  /// How many descriptors of the process the guest holds here.
  int openDescriptors() {
    return descriptors.open();
  }

  /// Counts what `opening` opens.
  int opened(Opening opening) {
    int taken = 0;
    boolean isOpen = false;
    try {
      for (HostDescriptors count : counts) {
        count.take();
        taken++;
      }
      int descriptor = opening.open();
      isOpen = true;
      return descriptor;
    } finally {
      if (!isOpen) {
        counts.subList(0, taken).forEach(HostDescriptors::giveBack);
      }
    }
  }

  void close(int descriptor) {
    calls.close(descriptor);
    counts.forEach(HostDescriptors::giveBack);
  }

  /// The attributes of what `descriptor`, just opened, stands for; it is closed if that fails.
  FileStat statOrClose(int descriptor) {
    boolean isKnown = false;
    try {
      FileStat stat = calls.stat(descriptor);
      isKnown = true;
      return stat;
    } finally {
      if (!isKnown) {
        close(descriptor);
      }
    }
  }

  /// Checks that the guest may change things here. Its rights say so already; this is for the day
  /// on which they are wrong.
  void requireWritable() {
    if (isReadOnly) {
      throw Errno.ROFS.exception();
    }
  }

  /// Waits for the disk.
  void sync(int descriptor, boolean isDataOnly) {
    blocking.enter();
    try {
      calls.sync(descriptor, isDataOnly);
    } finally {
      blocking.exit();
    }
  }

  /// Opens one descriptor.
  @FunctionalInterface
  interface Opening {
    int open();
  }
}
