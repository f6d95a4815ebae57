package dev.cloister.isolate.wasi;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The descriptors of one guest by number. Confined to the guest's thread.
final class FdTable {
  /// The most descriptors of a guest.
  static final int MAX_DESCRIPTORS = 1024;

  private final List<@Nullable Descriptor> descriptors = new ArrayList<>();

  /// The descriptor `fd`.
  ///
  /// @throws ErrnoException `BADF` if there is none
  Descriptor get(int fd) {
    Descriptor descriptor = fd >= 0 && fd < descriptors.size() ? descriptors.get(fd) : null;
    if (descriptor == null) {
      throw Errno.BADF.exception();
    }
    return descriptor;
  }

  /// The descriptor `fd`, which has `rights` and is a directory.
  ///
  /// @throws ErrnoException `BADF`, `NOTDIR`, `NOTCAPABLE`
  OpenDirectory directory(int fd, long rights) {
    if (!(get(fd) instanceof OpenDirectory directory)) {
      throw Errno.NOTDIR.exception();
    }
    directory.require(rights);
    return directory;
  }

  /// Gives `descriptor` the lowest free number.
  ///
  /// @throws ErrnoException `MFILE` if all are taken; the descriptor is closed then
  int add(Descriptor descriptor) {
    int fd = descriptors.indexOf(null);
    if (fd >= 0) {
      descriptors.set(fd, descriptor);
      return fd;
    }
    if (descriptors.size() == MAX_DESCRIPTORS) {
      descriptor.close();
      throw Errno.MFILE.exception();
    }
    descriptors.add(descriptor);
    return descriptors.size() - 1;
  }

  /// Closes `fd`.
  ///
  /// @throws ErrnoException `BADF`
  void close(int fd) {
    get(fd).close();
    descriptors.set(fd, null);
  }

  /// Gives the descriptor `from` the number `to`, whose own one is closed.
  ///
  /// @throws ErrnoException `BADF` if one of them is free
  void renumber(int from, int to) {
    Descriptor moved = get(from);
    Descriptor replaced = get(to);
    if (moved == replaced) {
      return;
    }
    replaced.close();
    descriptors.set(to, moved);
    descriptors.set(from, null);
  }

  /// One more than the highest number that is or was taken.
  int size() {
    return descriptors.size();
  }

  /// Closes everything from the number `first` on.
  void closeFrom(int first) {
    List<@Nullable Descriptor> closed =
        descriptors.subList(Math.min(first, descriptors.size()), descriptors.size());
    for (Descriptor descriptor : closed) {
      if (descriptor != null) {
        descriptor.close();
      }
    }
    closed.clear();
  }

  /// Closes everything.
  void closeAll() {
    closeFrom(0);
  }
}
