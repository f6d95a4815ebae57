package dev.cloister.engine.module;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;
import org.jspecify.annotations.Nullable;

/// Reads the sections of hints: for each function that they name, hints with an offset in the body,
/// of which 0 stands for the function, and a value each.
///
/// Reading is strict, so that nothing of a section is believed that a toolchain has got wrong. What
/// is wrong makes no module invalid: custom sections never do. Confined to one thread.
final class HintReader {
  private static final int ONE_BYTE = 1;
  private static final int MAX_BRANCH = 1;
  private static final int ALL_PERCENT = 100;

  private final WasmModule module;
  private final HintKind kind;
  private final ByteReader reader;
  private int functions;
  private int hints;

  /// Is told of each hint of a section that is well formed so far.
  interface Sink {
    /// Takes a hint.
    ///
    /// @param function an own function
    /// @param offset bytes from the beginning of its body, its local declarations first; 0 stands
    ///   for the function
    /// @param first the first number of the value: a priority, whether a branch is likely, the
    ///   logarithm of a frequency, or a function
    /// @param second the second number, or -1: the other priority, or a percentage
    void hint(int function, int offset, int first, int second);
  }

  private HintReader(WasmModule module, HintKind kind, ByteReader reader) {
    this.module = module;
    this.kind = kind;
    this.reader = reader;
  }

  /// {@return the first section of a kind, or null if there is none}
  static @Nullable CustomSection find(WasmModule module, HintKind kind) {
    for (CustomSection section : module.customSections()) {
      if (section.name().equals(kind.section())) {
        return section;
      }
    }
    return null;
  }

  /// Reads a section.
  ///
  /// @return what it is, with what is wrong with it, of which the sink was told nothing from there
  ///   on
  static HintSection read(WasmModule module, HintKind kind, CustomSection section, Sink sink) {
    byte[] content = module.wireBytes().copy(section.offset(), section.length());
    HintReader hints = new HintReader(module, kind, new ByteReader(content, 0, content.length));
    String fault = null;
    try {
      hints.readFunctions(section, sink);
    } catch (MalformedException e) {
      fault = e.text() + " (@+0x" + Long.toHexString(section.offset() + e.offset()) + ")";
    }
    return new HintSection(kind, hints.functions, hints.hints, fault);
  }

  private MalformedException malformed(String text) {
    return new MalformedException(text, reader.position());
  }

  private void readFunctions(CustomSection section, Sink sink) {
    int imported = module.importedFunctionCount();
    if (imported < module.functionCount() && section.offset() > module.bodyOffset(imported)) {
      throw malformed("the section is behind the code");
    }
    int last = -1;
    for (int left = reader.readU32(); left != 0; left--) {
      int function = reader.readU32();
      // In ascending order, so each function comes once.
      if (function <= last) {
        throw malformed("function " + Integer.toUnsignedString(function) + " behind " + last);
      }
      if (function < imported || function >= module.functionCount()) {
        throw malformed("function " + Integer.toUnsignedString(function) + " is no own function");
      }
      last = function;
      functions++;
      readHints(function, sink);
    }
    if (!reader.atEnd()) {
      throw malformed("something behind the last function");
    }
  }

  private void readHints(int function, Sink sink) {
    int size = module.bodyEnd(function) - module.bodyOffset(function);
    int last = -1;
    for (int left = reader.readU32(); left != 0; left--) {
      int offset = reader.readU32();
      if (offset <= last || offset >= size) {
        throw malformed(
            "offset %s in function %d, of %d bytes, behind %d"
                .formatted(Integer.toUnsignedString(offset), function, size, last));
      }
      last = offset;
      int length = reader.readU32();
      if (length < 0 || length > reader.remaining()) {
        throw malformed("a hint of " + Integer.toUnsignedString(length) + " bytes");
      }
      int end = reader.position() + length;
      readValue(function, offset, end, sink);
      if (reader.position() > end) {
        throw malformed("a hint that is longer than " + length + " bytes");
      }
      // What later versions of the format may have besides.
      reader.skip(end - reader.position());
      hints++;
    }
  }

  private void readValue(int function, int offset, int end, Sink sink) {
    int length = end - reader.position();
    switch (kind) {
      case COMPILATION_PRIORITY -> {
        if (offset == 0 && length > 0) {
          int first = reader.readU32();
          sink.hint(function, offset, first, reader.position() < end ? reader.readU32() : -1);
        }
      }
      case BRANCH -> {
        int value = length == ONE_BYTE ? reader.readByte() : -1;
        if (value < 0 || value > MAX_BRANCH) {
          throw malformed("a branch hint that is neither 0 nor 1");
        }
        sink.hint(function, offset, value, -1);
      }
      case INSTRUCTION_FREQUENCY -> {
        if (length == 0) {
          throw malformed("a frequency without a value");
        }
        sink.hint(function, offset, reader.readByte(), -1);
      }
      case CALL_TARGETS -> readTargets(function, offset, end, sink);
    }
  }

  private void readTargets(int function, int offset, int end, Sink sink) {
    int all = 0;
    while (reader.position() < end) {
      int target = reader.readU32();
      int percent = reader.readU32();
      if (target < 0 || target >= module.functionCount()) {
        throw malformed("function " + Integer.toUnsignedString(target) + " is unknown");
      }
      if (percent < 0 || percent > ALL_PERCENT - all) {
        throw malformed("more than 100 percent of the calls");
      }
      all += percent;
      sink.hint(function, offset, target, percent);
    }
  }
}
