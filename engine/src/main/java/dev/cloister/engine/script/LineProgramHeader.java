package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;

/// The header of one unit of `.debug_line` (DWARF 2 to 5, section 6.2.4).
///
/// Offsets are those of the bytes that the section is in.
///
/// @param version 2 to 5
/// @param offsetBytes 4, or 8 in the 64-bit format
/// @param instructionBytes what advances of the address are multiples of
/// @param lineBase the least advance of the line by a special opcode
/// @param lineRange the number of advances of the line by special opcodes
/// @param opcodeBase the first special opcode
/// @param operandCounts the number of operands of each standard opcode, from 1
/// @param tables where the tables of directories and files start
/// @param program where the program starts, and the tables have ended
/// @param end where the unit has ended
@SuppressWarnings("ArrayRecordComponent") // Confined to who reads the unit.
record LineProgramHeader(
    int version,
    int offsetBytes,
    int instructionBytes,
    int lineBase,
    int lineRange,
    int opcodeBase,
    int[] operandCounts,
    int tables,
    int program,
    int end) {
  private static final int FORMAT_64 = 0xffff_ffff;
  private static final int FIRST_RESERVED = 0xffff_fff0;

  /// {@return where the unit at the cursor has ended, which is left behind its length}
  ///
  /// @throws MalformedException if it does not lie in the section
  static int readEnd(ByteReader reader) {
    return limit(reader, readLength(reader));
  }

  /// Reads a length and tells by the sign whether it is of the 64-bit format.
  private static long readLength(ByteReader reader) {
    int length = reader.readFixed32();
    if (length == FORMAT_64) {
      return ~reader.readFixed64();
    }
    if (Integer.compareUnsigned(length, FIRST_RESERVED) >= 0) {
      throw new MalformedException("reserved unit length", reader.position());
    }
    return Integer.toUnsignedLong(length);
  }

  private static int limit(ByteReader reader, long length) {
    long bytes = length < 0 ? ~length : length;
    if (bytes < 0 || bytes > reader.remaining()) {
      throw new MalformedException("the unit is longer than its section", reader.position());
    }
    return reader.position() + (int) bytes;
  }

  /// {@return the header of the unit at the cursor}
  ///
  /// @throws MalformedException if it has none of a known version
  static LineProgramHeader read(ByteReader reader) {
    long length = readLength(reader);
    int end = limit(reader, length);
    int offsetBytes = length < 0 ? 8 : 4;
    reader.reset(reader.position(), end);
    int version = reader.readByte() | reader.readByte() << 8;
    if (version < 2 || version > 5) {
      throw new MalformedException("unknown version of a line table", reader.position());
    }
    if (version == 5) {
      reader.skip(2); // Sizes of addresses and of segment selectors.
    }
    long headerLength = offsetBytes == 8 ? reader.readFixed64() : readUnsigned32(reader);
    if (headerLength < 0 || headerLength > reader.remaining()) {
      throw new MalformedException("the header is longer than its unit", reader.position());
    }
    int program = reader.position() + (int) headerLength;
    int instructionBytes = reader.readByte();
    if (version >= 4 && reader.readByte() != 1) {
      throw new MalformedException("several operations in an instruction", reader.position());
    }
    reader.readByte(); // Whether rows are statements at first.
    int lineBase = (byte) reader.readByte();
    int lineRange = reader.readByte();
    int opcodeBase = reader.readByte();
    if (lineRange == 0 || opcodeBase == 0) {
      throw new MalformedException("a line program without opcodes", reader.position());
    }
    int[] operandCounts = new int[opcodeBase];
    for (int opcode = 1; opcode < opcodeBase; opcode++) {
      operandCounts[opcode] = reader.readByte();
    }
    if (reader.position() > program) {
      throw new MalformedException("the header is shorter than its content", program);
    }
    return new LineProgramHeader(
        version,
        offsetBytes,
        instructionBytes,
        lineBase,
        lineRange,
        opcodeBase,
        operandCounts,
        reader.position(),
        program,
        end);
  }

  static long readUnsigned32(ByteReader reader) {
    return Integer.toUnsignedLong(reader.readFixed32());
  }
}
