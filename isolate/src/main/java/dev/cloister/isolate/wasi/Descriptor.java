package dev.cloister.isolate.wasi;

/// What a descriptor number of a guest stands for. Confined to the guest's thread.
abstract sealed class Descriptor permits StandardInput, StandardOutput, OpenFile, OpenDirectory {
  private long rights;
  private long inheritingRights;
  private int flags;

  Descriptor(long rights, long inheritingRights, int flags) {
    this.rights = rights;
    this.inheritingRights = inheritingRights;
    this.flags = flags;
  }

  abstract FileStat stat();

  abstract void close();

  /// What this descriptor may be used for.
  long rights() {
    return rights;
  }

  /// What descriptors opened through this one may be used for.
  long inheritingRights() {
    return inheritingRights;
  }

  int flags() {
    return flags;
  }

  void changeFlags(int newFlags) {
    flags = newFlags;
  }

  /// Gives rights up.
  ///
  /// @throws ErrnoException `NOTCAPABLE` if that would add one
  void changeRights(long newRights, long newInheritingRights) {
    if ((newRights & ~rights) != 0 || (newInheritingRights & ~inheritingRights) != 0) {
      throw Errno.NOTCAPABLE.exception();
    }
    rights = newRights;
    inheritingRights = newInheritingRights;
  }

  /// Checks that this descriptor has all of `needed`.
  ///
  /// @throws ErrnoException `NOTCAPABLE`
  void require(long needed) {
    if ((rights & needed) != needed) {
      throw Errno.NOTCAPABLE.exception();
    }
  }
}
