package dev.cloister.engine.module;

import java.util.BitSet;

/// What a module says of the order in which its functions are worth compiling: the section
/// `metadata.code.compilation_priority` of the compilation hints proposal. Immutable but for its
/// sets, which callers must not change.
///
/// A hint for a function is the priority of compiling it, 0 coming first, and optionally that of
/// optimizing it, of which 127 says that the function runs once. A section that is malformed, or
/// names functions that are not there, says nothing: see [HintReader].
///
/// @param early functions that are to be compiled before they are called
/// @param optimized functions that are worth optimizing from the start
/// @param onceOnly functions that are not worth optimizing
public record CompilationHints(BitSet early, BitSet optimized, BitSet onceOnly) {
  /// A module that says nothing.
  public static final CompilationHints NONE = empty();

  private static final int RUN_ONCE = 127;

  /// {@return the hints of a module}
  public static CompilationHints of(WasmModule module) {
    CustomSection section = HintReader.find(module, HintKind.COMPILATION_PRIORITY);
    if (section == null) {
      return NONE;
    }
    CompilationHints hints = empty();
    HintSection read =
        HintReader.read(
            module,
            HintKind.COMPILATION_PRIORITY,
            section,
            (function, _, compile, optimize) -> hints.add(function, compile, optimize));
    return read.fault() == null ? hints : NONE;
  }

  private static CompilationHints empty() {
    return new CompilationHints(new BitSet(), new BitSet(), new BitSet());
  }

  private void add(int function, int compile, int optimize) {
    early.set(function, compile == 0);
    if (optimize >= 0) {
      boolean isOnce = optimize == RUN_ONCE;
      onceOnly.set(function, isOnce);
      optimized.set(function, !isOnce);
    }
  }
}
