package dev.cloister.isolate.wasi;

import org.jspecify.annotations.Nullable;

/// The versions of the interface that modules import, by the name of the module that they import.
///
/// Between the two, four functions changed: `fd_seek` counts its origins differently, a number of
/// links became 64 bits wide in what `fd_filestat_get` and `path_filestat_get` write, and the
/// subscriptions of `poll_oneoff` lost a field.
///
/// Source: WebAssembly/WASI, `phases/old/snapshot_0/witx/typenames.witx` and
/// `phases/snapshot/witx/typenames.witx`.
enum WasiSnapshot {
  /// The older one, of early 2019.
  UNSTABLE("wasi_unstable"),
  /// The one that all compilers emit.
  PREVIEW1("wasi_snapshot_preview1");

  private static final int PREVIEW1_FILESTAT_BYTES = 64;
  private static final int UNSTABLE_FILESTAT_BYTES = 56;

  private final String moduleName;

  WasiSnapshot(String moduleName) {
    this.moduleName = moduleName;
  }

  /// The version whose functions are imported from `moduleName`, or null.
  static @Nullable WasiSnapshot named(String moduleName) {
    if (moduleName.equals(PREVIEW1.moduleName)) {
      return PREVIEW1;
    }
    return moduleName.equals(UNSTABLE.moduleName) ? UNSTABLE : null;
  }

  /// The module that its functions are imported from.
  String moduleName() {
    return moduleName;
  }

  /// The origin that `code` stands for.
  ///
  /// @throws ErrnoException `INVAL`
  Whence whence(int code) {
    return switch (this) {
      case PREVIEW1 ->
          switch (code) {
            case 0 -> Whence.SET;
            case 1 -> Whence.CURRENT;
            case 2 -> Whence.END;
            default -> throw Errno.INVAL.exception();
          };
      case UNSTABLE ->
          switch (code) {
            case 0 -> Whence.CURRENT;
            case 1 -> Whence.END;
            case 2 -> Whence.SET;
            default -> throw Errno.INVAL.exception();
          };
    };
  }

  /// Writes `stat` to `address`. Layout: u64 device, u64 inode, u8 type at 16; then the number of
  /// links, u64 at 24 or, in the older version, u32 at 20; then u64 each: size, access,
  /// modification and change time.
  void write(GuestMemory memory, int address, FileStat stat) {
    switch (this) {
      case PREVIEW1 -> {
        memory.check(address, PREVIEW1_FILESTAT_BYTES);
        memory.setInt64(address + 16, stat.type().code());
        memory.setInt64(address + 24, stat.links());
        writeSizeAndTimes(memory, address + 32, stat);
      }
      case UNSTABLE -> {
        memory.check(address, UNSTABLE_FILESTAT_BYTES);
        memory.setInt32(address + 16, stat.type().code());
        memory.setInt32(address + 20, (int) Math.min(stat.links(), 0xFFFF_FFFFL));
        writeSizeAndTimes(memory, address + 24, stat);
      }
    }
    memory.setInt64(address, stat.device());
    memory.setInt64(address + 8, stat.inode());
  }

  /// The size of a subscription of `poll_oneoff`.
  int subscriptionBytes() {
    return switch (this) {
      case PREVIEW1 -> 48;
      case UNSTABLE -> 56;
    };
  }

  /// Where in a subscription the fields of a clock begin. The older version has an identifier of
  /// the clock before them, which nothing uses.
  int clockOffset() {
    return switch (this) {
      case PREVIEW1 -> 16;
      case UNSTABLE -> 24;
    };
  }

  private static void writeSizeAndTimes(GuestMemory memory, int address, FileStat stat) {
    memory.setInt64(address, stat.sizeBytes());
    memory.setInt64(address + 8, stat.accessNanos());
    memory.setInt64(address + 16, stat.modificationNanos());
    memory.setInt64(address + 24, stat.changeNanos());
  }
}
