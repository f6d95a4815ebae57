package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.module.CustomSection;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.util.ByteReader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A range of bytes with debug information: a custom section, or a file of its own.
///
/// @param bytes what it is a part of
/// @param from where it starts
/// @param to where it has ended
record DebugSection(WireBytes bytes, int from, int to) {
  /// The longest text that is read, in bytes: that of a path.
  static final int MAX_TEXT_BYTES = 4_096;

  static DebugSection of(WireBytes bytes, CustomSection section) {
    return new DebugSection(bytes, section.offset(), section.offset() + section.length());
  }

  int size() {
    return to - from;
  }

  /// {@return a cursor at a place, counted from the section's start}
  ///
  /// @throws MalformedException if it is not in the section
  ByteReader reader(long offset) {
    if (offset < 0 || offset > size()) {
      throw new MalformedException("no such place in the section", from);
    }
    ByteReader reader = bytes.reader(from);
    reader.reset(from + (int) offset, to);
    return reader;
  }

  /// {@return what `read` makes of the section from its start on, or `otherwise` if it is
  /// malformed}
  <T extends @Nullable Object> T read(Function<ByteReader, ? extends T> read, T otherwise) {
    try {
      return read.apply(reader(0));
    } catch (MalformedException _) {
      return otherwise;
    }
  }

  /// {@return `length` bytes at the cursor as text}
  ///
  /// @throws MalformedException if the section ends before
  String text(ByteReader reader, int length) {
    int start = reader.position();
    if (length < 0) {
      throw new MalformedException("no length", start);
    }
    reader.skip(length);
    return bytes.text(start, length);
  }

  /// {@return the text up to the next zero byte, cut off if it is very long}
  ///
  /// @throws MalformedException if the section ends before
  String text(ByteReader reader) {
    int start = reader.position();
    int length = 0;
    while (reader.readByte() != 0) {
      length++;
    }
    return bytes.text(start, Math.min(length, MAX_TEXT_BYTES));
  }
}
