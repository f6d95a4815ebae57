package dev.cloister.isolate.wasi;

/// Flags of `path_open`.
///
/// Source: `witx/typenames.witx`, `$oflags`.
final class OpenFlags {
  static final int CREATE = 1;
  static final int DIRECTORY = 1 << 1;
  static final int EXCLUSIVE = 1 << 2;
  static final int TRUNCATE = 1 << 3;

  private static final int ALL = CREATE | DIRECTORY | EXCLUSIVE | TRUNCATE;

  private OpenFlags() {}

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
