package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.ErrnoException;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// Whether this machine can keep guests inside of a folder, found out once.
///
/// Nothing is used in place of what is missing: a walk that can be led astray is none.
final class HostFolderSupport {
  private static final Support SUPPORT = probe();

  /// The calls, or why there are none.
  private record Support(@Nullable LinuxCalls calls, @Nullable String fault) {}

  private HostFolderSupport() {}

  /// What is missing, in words, or null if nothing is.
  static @Nullable String fault() {
    return SUPPORT.fault;
  }

  /// The system calls.
  ///
  /// @throws IllegalStateException if there is a [#fault()]
  static LinuxCalls calls() {
    LinuxCalls calls = SUPPORT.calls;
    if (calls == null) {
      throw new IllegalStateException("host folders are not supported: " + SUPPORT.fault);
    }
    return calls;
  }

  private static Support probe() {
    LinuxPlatform platform = LinuxPlatform.current();
    if (platform == null) {
      return new Support(
          null,
          "they need Linux on x86-64 or aarch64, this is "
              + System.getProperty("os.name")
              + " on "
              + System.getProperty("os.arch"));
    }
    try {
      LinuxCalls calls = new LinuxCalls(platform);
      int root = calls.openRoot("/");
      try {
        calls.close(calls.reopenDirectory(root, LinuxCalls.OPEN_PATH));
      } finally {
        calls.close(root);
      }
      return new Support(calls, null);
    } catch (NoSuchElementException missing) {
      return new Support(null, "the C library lacks a function: " + missing.getMessage());
    } catch (IllegalCallerException forbidden) {
      return new Support(null, "Java runs without --enable-native-access");
    } catch (ErrnoException refused) {
      return new Support(
          null,
          "the kernel refuses openat2 ("
              + refused.getMessage()
              + "): it is older than Linux 5.6,"
              + " or a seccomp profile forbids it");
    }
  }
}
