package dev.cloister.isolate.wasi;

/// Flags of functions that take a path.
///
/// Source: `witx/typenames.witx`, `$lookupflags`.
final class LookupFlags {
  private static final int SYMLINK_FOLLOW = 1;

  private LookupFlags() {}

  /// Whether a symbolic link at the end of the path is followed.
  ///
  /// @throws ErrnoException `INVAL` if there are unknown flags
  static boolean followsLast(int flags) {
    if ((flags & ~SYMLINK_FOLLOW) != 0) {
      throw Errno.INVAL.exception();
    }
    return (flags & SYMLINK_FOLLOW) != 0;
  }
}
