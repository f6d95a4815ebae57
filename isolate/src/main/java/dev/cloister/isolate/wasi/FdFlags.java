package dev.cloister.isolate.wasi;

/// Flags of a descriptor.
///
/// Source: `witx/typenames.witx`, `$fdflags`.
final class FdFlags {
  static final int APPEND = 1;
  static final int DSYNC = 1 << 1;
  static final int NONBLOCK = 1 << 2;
  static final int RSYNC = 1 << 3;
  static final int SYNC = 1 << 4;
  static final int ALL = APPEND | DSYNC | NONBLOCK | RSYNC | SYNC;

  private FdFlags() {}

  /// `flags`, if they are known ones.
  ///
  /// @throws ErrnoException `INVAL`
  static int require(int flags) {
    if ((flags & ~ALL) != 0) {
      throw Errno.INVAL.exception();
    }
    return flags;
  }
}
