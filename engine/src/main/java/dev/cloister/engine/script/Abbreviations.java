package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;
import dev.cloister.engine.util.IntVector;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One table of `.debug_abbrev` (DWARF 2 to 5, section 7.5.3): what entries with a code consist of.
/// Immutable.
final class Abbreviations {
  /// The longest table that is read, in bytes.
  static final int MAX_BYTES = 128 << 10;

  private final Map<Integer, Shape> shapes;
  private final int bytes;

  /// What an entry consists of.
  ///
  /// @param attributes three numbers for each attribute: which, in what form, and its value if that
  ///   is the form
  @SuppressWarnings("ArrayRecordComponent") // Confined to the table.
  record Shape(int tag, boolean hasChildren, int[] attributes) {}

  private Abbreviations(Map<Integer, Shape> shapes, int bytes) {
    this.shapes = shapes;
    this.bytes = bytes;
  }

  /// {@return the table at an offset of the section}
  ///
  /// @throws MalformedException if it is cut short or too long
  static Abbreviations read(DebugSection section, long offset) {
    ByteReader reader = section.reader(offset);
    int start = reader.position();
    Map<Integer, Shape> shapes = new HashMap<>();
    for (int code = reader.readU32(); code != 0; code = reader.readU32()) {
      int tag = reader.readU32();
      boolean hasChildren = reader.readByte() != 0;
      IntVector attributes = new IntVector();
      while (true) {
        int attribute = reader.readU32();
        int form = reader.readU32();
        int implicit = form == DwarfForm.IMPLICIT_CONST ? (int) reader.readS64() : 0;
        if (attribute == 0 && form == 0) {
          break;
        }
        attributes.add(attribute);
        attributes.add(form);
        attributes.add(implicit);
      }
      shapes.put(code, new Shape(tag, hasChildren, attributes.toArray()));
      if (reader.position() - start > MAX_BYTES) {
        throw new MalformedException("a long table of abbreviations", start);
      }
    }
    return new Abbreviations(shapes, reader.position() - start);
  }

  @Nullable Shape shape(int code) {
    return shapes.get(code);
  }

  /// {@return the bytes of the table}
  int bytes() {
    return bytes;
  }
}
