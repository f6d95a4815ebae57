package dev.cloister.isolate.wasi;

/// The times that a guest asks to be set.
///
/// Source: `witx/typenames.witx`, `$fstflags`.
final class FileTimes {
  private static final int ACCESS = 1;
  private static final int ACCESS_NOW = 1 << 1;
  private static final int MODIFICATION = 1 << 2;
  private static final int MODIFICATION_NOW = 1 << 3;

  private FileTimes() {}

  /// Sets the times of `node` as `flags` say.
  ///
  /// @throws ErrnoException `INVAL` if `flags` contradict themselves or are unknown
  static void apply(
      FileSystemNode node, long accessNanos, long modificationNanos, int flags, WasiClock clock) {
    if ((flags & (ACCESS | ACCESS_NOW)) == (ACCESS | ACCESS_NOW)
        || (flags & (MODIFICATION | MODIFICATION_NOW)) == (MODIFICATION | MODIFICATION_NOW)
        || (flags & ~(ACCESS | ACCESS_NOW | MODIFICATION | MODIFICATION_NOW)) != 0) {
      throw Errno.INVAL.exception();
    }
    FileStat stat = node.stat();
    long now = clock.realtimeNanos();
    node.changeTimes(
        chosen(flags, ACCESS, ACCESS_NOW, accessNanos, now, stat.accessNanos()),
        chosen(
            flags,
            MODIFICATION,
            MODIFICATION_NOW,
            modificationNanos,
            now,
            stat.modificationNanos()));
  }

  private static long chosen(
      int flags, int given, int current, long givenNanos, long nowNanos, long keptNanos) {
    if ((flags & given) != 0) {
      return givenNanos;
    }
    return (flags & current) != 0 ? nowNanos : keptNanos;
  }
}
