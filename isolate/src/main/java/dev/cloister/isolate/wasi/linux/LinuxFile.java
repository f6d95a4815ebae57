package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.FileType;
import dev.cloister.isolate.wasi.RegularFileNode;
import org.jspecify.annotations.Nullable;

/// A file in a host folder: one that was found, or one that is open.
///
/// What was found may also be a pipe, a socket or a device: its attributes can be read and its name
/// removed, but it cannot be opened.
final class LinuxFile extends LinuxNode implements RegularFileNode {
  /// Whether the descriptor is one to read or write by; else it only stands for the file.
  private final boolean isOpen;

  private LinuxFile(LinuxTree tree, @Nullable Place place, int descriptor, boolean isOpen) {
    super(tree, place, descriptor);
    this.isOpen = isOpen;
  }

  /// What was found at `place`; takes `descriptor` over.
  static LinuxFile found(LinuxTree tree, Place place, int descriptor) {
    return new LinuxFile(tree, place, descriptor, /* isOpen= */ false);
  }

  /// A file that is open by `descriptor`, which it takes over.
  static LinuxFile open(LinuxTree tree, int descriptor) {
    return new LinuxFile(tree, null, descriptor, /* isOpen= */ true);
  }

  @Override
  public RegularFileNode open(boolean reads, boolean writes) {
    if (isOpen || (!reads && !writes)) {
      retain();
      return this;
    }
    if (writes) {
      tree().requireWritable();
    }
    requireRegular(stat().type());
    int one = writes ? LinuxCalls.OPEN_WRITE : LinuxCalls.OPEN_READ;
    int flags = reads && writes ? LinuxCalls.OPEN_READ_WRITE : one;
    Place found = requirePlace();
    int opened =
        tree().opened(() -> calls().openAt(found.directory().descriptor(), found.name(), flags));
    LinuxFile file = open(tree(), opened);
    boolean isRegular = false;
    try {
      requireRegular(file.stat().type()); // the name may stand for something else by now
      isRegular = true;
      return file;
    } finally {
      if (!isRegular) {
        file.release();
      }
    }
  }

  @Override
  public long sizeBytes() {
    return stat().sizeBytes();
  }

  @Override
  public int read(long offset, byte[] into, int from, int length) {
    return calls().read(descriptor(), offset, into, from, length);
  }

  @Override
  public int write(long offset, byte[] bytes, int from, int length) {
    tree().requireWritable();
    return calls().write(descriptor(), offset, bytes, from, length);
  }

  @Override
  public int append(byte[] bytes, int from, int length) {
    tree().requireWritable();
    return calls().append(descriptor(), bytes, from, length);
  }

  @Override
  public void changeSize(long sizeBytes) {
    tree().requireWritable();
    calls().changeSize(descriptor(), sizeBytes);
  }

  @Override
  public void allocate(long offset, long length) {
    tree().requireWritable();
    if (!calls().allocate(descriptor(), offset, length) && offset + length > sizeBytes()) {
      changeSize(offset + length);
    }
  }

  @Override
  public void changeTimes(long accessNanos, long modificationNanos) {
    if (!isOpen) {
      super.changeTimes(accessNanos, modificationNanos);
      return;
    }
    tree().requireWritable();
    calls().changeTimes(descriptor(), accessNanos, modificationNanos);
  }

  @Override
  public void sync(boolean isDataOnly) {
    if (isOpen) {
      tree().sync(descriptor(), isDataOnly);
    }
  }

  private static void requireRegular(FileType type) {
    if (!type.equals(FileType.REGULAR_FILE)) {
      throw Errno.ACCES.exception();
    }
  }
}
