package dev.cloister.isolate.wasi.linux;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What differs between the processors that Linux runs on.
///
/// Source: `asm/fcntl.h` and `asm/unistd.h` of each.
///
/// @param openDirectory the flag `O_DIRECTORY`
/// @param openNoFollow the flag `O_NOFOLLOW`
/// @param getdents64 the number of that system call
record LinuxPlatform(int openDirectory, int openNoFollow, long getdents64) {
  private static final LinuxPlatform X86_64 = new LinuxPlatform(0x1_0000, 0x2_0000, 217);
  private static final LinuxPlatform AARCH64 = new LinuxPlatform(0x4000, 0x8000, 61);

  /// This machine's, or null if it is none of those known.
  static @Nullable LinuxPlatform current() {
    if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).equals("linux")) {
      return null;
    }
    return switch (System.getProperty("os.arch", "")) {
      case "amd64", "x86_64" -> X86_64;
      case "aarch64" -> AARCH64;
      default -> null;
    };
  }
}
