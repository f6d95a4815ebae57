package dev.cloister.engine.runtime;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Functions of the C library of 64-bit Linux, if native access is granted to the engine.
final class CLibrary {
  /// Those on which the callers' constants, from the headers of Linux, are the same.
  private static final Set<String> ARCHITECTURES = Set.of("amd64", "aarch64");

  private static final boolean IS_CALLABLE =
      System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")
          && ARCHITECTURES.contains(System.getProperty("os.arch"))
          && CLibrary.class.getModule().isNativeAccessEnabled();

  private CLibrary() {}

  /// Finds a function.
  ///
  /// @param type as its header declares it
  /// @return null if it is not there, or must not be called
  @SuppressWarnings("restricted") // The callers' descriptors are those of the headers.
  static @Nullable MethodHandle find(
      String name, FunctionDescriptor type, Linker.Option... options) {
    if (!IS_CALLABLE) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(function -> linker.downcallHandle(function, type, options))
        .orElse(null);
  }
}
