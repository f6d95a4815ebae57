package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;

/// An entry of `.debug_info`, with those of its attributes that stacks need. Reused from entry to
/// entry by one thread.
final class DwarfEntry {
  static final int COMPILE_UNIT = 0x11;
  static final int INLINED_SUBROUTINE = 0x1d;
  static final int SUBPROGRAM = 0x2e;

  private static final int NAME = 0x03;
  private static final int STMT_LIST = 0x10;
  private static final int LOW_PC = 0x11;
  private static final int HIGH_PC = 0x12;
  private static final int ABSTRACT_ORIGIN = 0x31;
  private static final int SPECIFICATION = 0x47;
  private static final int RANGES = 0x55;
  private static final int CALL_COLUMN = 0x57;
  private static final int CALL_FILE = 0x58;
  private static final int CALL_LINE = 0x59;
  private static final int STR_OFFSETS_BASE = 0x72;
  private static final int ADDR_BASE = 0x73;
  private static final int RNGLISTS_BASE = 0x74;

  /// What an attribute is that the entry does not have.
  static final long NONE = -1;

  int tag;
  boolean hasChildren;
  int position;
  int nameForm;
  long name;
  int lowForm;
  long low;
  int highForm;
  long high;
  int rangesForm;
  long ranges;
  int originForm;
  long origin;
  long lineProgram;
  long stringsBase;
  long addressesBase;
  long rangesBase;
  long callFile;
  long callLine;
  long callColumn;

  /// Reads the entry at the cursor.
  ///
  /// @return whether there is one; if not, the list of entries has ended
  /// @throws MalformedException if it is none
  boolean read(ByteReader reader, DwarfUnit unit, Abbreviations abbreviations) {
    position = reader.position();
    int code = reader.readU32();
    if (code == 0) {
      return false;
    }
    Abbreviations.Shape shape = abbreviations.shape(code);
    if (shape == null) {
      throw new MalformedException("an entry without an abbreviation", position);
    }
    clear();
    tag = shape.tag();
    hasChildren = shape.hasChildren();
    int[] attributes = shape.attributes();
    for (int i = 0; i < attributes.length; i += 3) {
      int form = attributes[i + 1];
      long value =
          form == DwarfForm.IMPLICIT_CONST ? attributes[i + 2] : DwarfForm.read(reader, unit, form);
      set(attributes[i], form, value);
    }
    return true;
  }

  private void clear() {
    name = NONE;
    low = NONE;
    high = NONE;
    ranges = NONE;
    origin = NONE;
    lineProgram = NONE;
    stringsBase = NONE;
    addressesBase = NONE;
    rangesBase = NONE;
    callFile = NONE;
    callLine = 0;
    callColumn = 0;
  }

  private void set(int attribute, int form, long value) {
    switch (attribute) {
      case NAME -> {
        nameForm = form;
        name = value;
      }
      case LOW_PC -> {
        lowForm = form;
        low = value;
      }
      case HIGH_PC -> {
        highForm = form;
        high = value;
      }
      case RANGES -> {
        rangesForm = form;
        ranges = value;
      }
      case ABSTRACT_ORIGIN, SPECIFICATION -> {
        originForm = form;
        origin = value;
      }
      case STMT_LIST -> lineProgram = value;
      case STR_OFFSETS_BASE -> stringsBase = value;
      case ADDR_BASE -> addressesBase = value;
      case RNGLISTS_BASE -> rangesBase = value;
      case CALL_FILE -> callFile = value;
      case CALL_LINE -> callLine = value;
      case CALL_COLUMN -> callColumn = value;
      default -> {
        // Of no use here.
      }
    }
  }
}
