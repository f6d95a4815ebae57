package dev.cloister.isolate.wasi;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The descriptors of one guest by number. Confined to the guest's thread.
///
/// What the guest opens is charged, with what the host keeps for it.
final class FdTable {
  /// The most descriptors of a guest.
  static final int MAX_DESCRIPTORS = 1024;

  /// What an open file is charged, and an open directory, which is also listed.
  static final long FILE_BYTES = 512;

  static final long DIRECTORY_BYTES = 8 << 10;

  private final FileQuota quota;
  private final List<@Nullable Descriptor> descriptors = new ArrayList<>();
  private final List<HandedOut> handed = new ArrayList<>();

  /// A descriptor that the guest did not open itself, as it was at first.
  private record HandedOut(Descriptor descriptor, long rights, long inheritingRights, int flags) {
    static HandedOut of(Descriptor descriptor) {
      return new HandedOut(
          descriptor, descriptor.rights(), descriptor.inheritingRights(), descriptor.flags());
    }
  }

  FdTable(FileQuota quota) {
    this.quota = quota;
  }

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

  /// Checks that there is a free number.
  ///
  /// @throws ErrnoException `MFILE`
  void requireFree() {
    if (descriptors.size() == MAX_DESCRIPTORS && descriptors.indexOf(null) < 0) {
      throw Errno.MFILE.exception();
    }
  }

  /// Gives `descriptor` the lowest free number.
  ///
  /// @throws ErrnoException `MFILE` if all are taken, `NOMEM` if the quota does not allow one more;
  ///   the descriptor is closed then
  int add(Descriptor descriptor) {
    int free = descriptors.indexOf(null);
    if (free < 0 && descriptors.size() == MAX_DESCRIPTORS) {
      descriptor.close();
      throw Errno.MFILE.exception();
    }
    if (!quota.charge(chargedBytes(descriptor))) {
      descriptor.close();
      throw Errno.NOMEM.exception();
    }
    if (free >= 0) {
      descriptors.set(free, descriptor);
      return free;
    }
    descriptors.add(descriptor);
    return descriptors.size() - 1;
  }

  /// Closes `fd`.
  ///
  /// @throws ErrnoException `BADF`
  void close(int fd) {
    close(get(fd));
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
    close(replaced);
    descriptors.set(to, moved);
    descriptors.set(from, null);
  }

  /// Gives `descriptor`, which the guest does not open itself, the next number; nobody pays.
  void handOut(Descriptor descriptor) {
    handed.add(HandedOut.of(descriptor));
    descriptors.add(descriptor);
  }

  /// Whether the guest has just what it was handed, unchanged.
  boolean isAsHandedOut() {
    for (int i = 0; i < descriptors.size(); i++) {
      Descriptor descriptor = descriptors.get(i);
      boolean isHanded =
          i < handed.size() && descriptor != null && HandedOut.of(descriptor).equals(handed.get(i));
      if (!isHanded && (descriptor != null || i < handed.size())) {
        return false;
      }
    }
    return true;
  }

  /// Closes everything.
  void closeAll() {
    for (Descriptor descriptor : descriptors) {
      if (descriptor != null) {
        close(descriptor);
      }
    }
    descriptors.clear();
    handed.clear();
  }

  private void close(Descriptor descriptor) {
    descriptor.close();
    quota.release(chargedBytes(descriptor));
  }

  /// The streams of a guest, and the directories that it was handed, are part of its call.
  private static long chargedBytes(Descriptor descriptor) {
    return switch (descriptor) {
      case StandardInput _, StandardOutput _ -> 0;
      case OpenFile _ -> FILE_BYTES;
      case OpenDirectory directory -> directory.preopenedAs() == null ? DIRECTORY_BYTES : 0;
    };
  }
}
