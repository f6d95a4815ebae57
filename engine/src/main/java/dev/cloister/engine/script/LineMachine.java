package dev.cloister.engine.script;

import dev.cloister.engine.util.ByteReader;

/// The state machine that a line program is written for (DWARF 5, section 6.2.2), without the
/// registers that nobody asks for. Confined to one thread.
final class LineMachine {
  private static final int EXTENDED = 0;
  private static final int COPY = 1;
  private static final int ADVANCE_PC = 2;
  private static final int ADVANCE_LINE = 3;
  private static final int SET_FILE = 4;
  private static final int SET_COLUMN = 5;
  private static final int CONST_ADD_PC = 8;
  private static final int FIXED_ADVANCE_PC = 9;
  private static final int LAST_SPECIAL = 255;

  private static final int END_SEQUENCE = 1;
  private static final int SET_ADDRESS = 2;

  private final LineProgramHeader header;
  private final ByteReader reader;
  private long address;
  private int file;
  private int line;
  private int column;
  private boolean atSequenceEnd;

  /// @param reader at the next opcode of the unit's program; its end is that of the unit
  LineMachine(LineProgramHeader header, ByteReader reader) {
    this.header = header;
    this.reader = reader;
    reset();
  }

  private void reset() {
    address = 0;
    file = 1;
    line = 1;
    column = 0;
    atSequenceEnd = false;
  }

  /// Goes on in the middle of a sequence.
  void resume(int rowAddress, int rowFile, int rowLine, int rowColumn) {
    address = rowAddress;
    file = rowFile;
    line = rowLine;
    column = rowColumn;
    atSequenceEnd = false;
  }

  boolean atEnd() {
    return reader.atEnd();
  }

  /// {@return where the next opcode is}
  int position() {
    return reader.position();
  }

  /// Executes an opcode.
  ///
  /// @return whether it appended a row, which the registers then are
  /// @throws dev.cloister.engine.error.MalformedException if the program ends in it
  boolean step() {
    if (atSequenceEnd) {
      reset();
    }
    int opcode = reader.readByte();
    if (opcode >= header.opcodeBase()) {
      int adjusted = opcode - header.opcodeBase();
      advance(adjusted / header.lineRange());
      line += header.lineBase() + adjusted % header.lineRange();
      return true;
    }
    switch (opcode) {
      case EXTENDED -> {
        return extended();
      }
      case COPY -> {
        return true;
      }
      case ADVANCE_PC -> advance(reader.readU64());
      case ADVANCE_LINE -> line += (int) reader.readS64();
      case SET_FILE -> file = index(reader.readU64());
      case SET_COLUMN -> column = index(reader.readU64());
      case CONST_ADD_PC -> advance((LAST_SPECIAL - header.opcodeBase()) / header.lineRange());
      case FIXED_ADVANCE_PC -> address += reader.readByte() | reader.readByte() << 8;
      default -> {
        for (int i = 0; i < header.operandCounts()[opcode]; i++) {
          reader.readU64();
        }
      }
    }
    return false;
  }

  private void advance(long instructions) {
    address += instructions * header.instructionBytes();
  }

  private boolean extended() {
    int length = index(reader.readU64());
    if (length == 0) {
      return false;
    }
    switch (reader.readByte()) {
      case END_SEQUENCE -> {
        reader.skip(length - 1);
        atSequenceEnd = true;
        return true;
      }
      case SET_ADDRESS -> {
        if (length == 1 + Long.BYTES) {
          address = reader.readFixed64();
        } else if (length == 1 + Integer.BYTES) {
          address = LineProgramHeader.readUnsigned32(reader);
        } else {
          reader.skip(length - 1);
        }
      }
      default -> reader.skip(length - 1);
    }
    return false;
  }

  private static int index(long value) {
    return value < 0 || value > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) value;
  }

  long address() {
    return address;
  }

  int file() {
    return file;
  }

  int line() {
    return line;
  }

  int column() {
    return column;
  }

  /// {@return whether the row only says where the code of the sequence has ended}
  boolean atSequenceEnd() {
    return atSequenceEnd;
  }
}
