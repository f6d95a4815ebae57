package dev.cloister.engine.module;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;
import java.util.BitSet;

/// What a module says of the order in which its functions are worth compiling: the section
/// `metadata.code.compilation_priority` of the compilation hints proposal. Immutable but for its
/// sets, which callers must not change.
///
/// The section has, for each function that it names, hints with an offset in the body, of which 0
/// stands for the function. A hint is the priority of compiling it, 0 coming first, and optionally
/// that of optimizing it, of which 127 says that the function runs once. A section that is
/// malformed, or names functions that are not there, says nothing: custom sections make no module
/// invalid.
///
/// @param early functions that are to be compiled before they are called
/// @param optimized functions that are worth optimizing from the start
/// @param onceOnly functions that are not worth optimizing
public record CompilationHints(BitSet early, BitSet optimized, BitSet onceOnly) {
  /// A module that says nothing.
  public static final CompilationHints NONE = empty();

  private static final String SECTION = "metadata.code.compilation_priority";
  private static final int RUN_ONCE = 127;

  /// {@return the hints of a module}
  public static CompilationHints of(WasmModule module) {
    for (CustomSection section : module.customSections()) {
      if (section.name().equals(SECTION)) {
        try {
          return read(module, section);
        } catch (MalformedException _) {
          return NONE;
        }
      }
    }
    return NONE;
  }

  private static CompilationHints empty() {
    return new CompilationHints(new BitSet(), new BitSet(), new BitSet());
  }

  private static CompilationHints read(WasmModule module, CustomSection section) {
    CompilationHints hints = empty();
    byte[] content = module.wireBytes().copy(section.offset(), section.length());
    ByteReader reader = new ByteReader(content, 0, content.length);
    int last = -1;
    for (int functions = reader.readU32(); functions != 0; functions--) {
      int function = reader.readU32();
      // In ascending order, so each function comes once.
      if (function <= last
          || function < module.importedFunctionCount()
          || function >= module.functionCount()) {
        return NONE;
      }
      last = function;
      for (int count = reader.readU32(); count != 0; count--) {
        int offset = reader.readU32();
        int length = reader.readU32();
        if (length < 0 || length > reader.remaining()) {
          return NONE;
        }
        int end = reader.position() + length;
        if (offset == 0 && length > 0) {
          hints.add(function, reader, end);
        }
        if (reader.position() > end) {
          return NONE;
        }
        reader.skip(end - reader.position());
      }
    }
    return hints;
  }

  private void add(int function, ByteReader reader, int end) {
    early.set(function, reader.readU32() == 0);
    if (reader.position() < end) {
      boolean isOnce = reader.readU32() == RUN_ONCE;
      onceOnly.set(function, isOnce);
      optimized.set(function, !isOnce);
    }
  }
}
