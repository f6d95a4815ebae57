package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;

/// The header of one unit of `.debug_info` (DWARF 2 to 5, section 7.5.1).
///
/// @param start where it starts, as all positions those of the bytes that the section is in
/// @param end where it has ended
/// @param entries where its entries start
/// @param version 2 to 5
/// @param offsetBytes 4, or 8 in the 64-bit format
/// @param addressBytes 4 or 8
/// @param abbreviations the offset of its table in `.debug_abbrev`
record DwarfUnit(
    int start,
    int end,
    int entries,
    int version,
    int offsetBytes,
    int addressBytes,
    long abbreviations) {
  private static final int FORMAT_64 = 0xffff_ffff;
  private static final int COMPILE = 0x01;

  /// {@return the unit at the cursor, which is left at its entries}
  ///
  /// @throws MalformedException if it does not lie in the section; if only its content is of no
  ///   use, its version is 0
  static DwarfUnit read(ByteReader reader) {
    int start = reader.position();
    long length = DwarfForm.unsigned(reader, 4);
    int offsetBytes = 4;
    if ((int) length == FORMAT_64) {
      length = reader.readFixed64();
      offsetBytes = 8;
    }
    if (length < 0 || length > reader.remaining()) {
      throw new MalformedException("the unit is longer than its section", start);
    }
    int end = reader.position() + (int) length;
    int sectionEnd = reader.end();
    reader.reset(reader.position(), end);
    try {
      return readContent(reader, start, end, offsetBytes);
    } catch (MalformedException _) {
      return new DwarfUnit(start, end, end, 0, offsetBytes, 0, 0);
    } finally {
      reader.reset(reader.position(), sectionEnd);
    }
  }

  private static DwarfUnit readContent(ByteReader reader, int start, int end, int offsetBytes) {
    int version = (int) DwarfForm.unsigned(reader, 2);
    int addressBytes;
    long abbreviations;
    boolean isKnown = version >= 2 && version <= 5;
    if (version == 5) {
      // Units of types, and of other files, have no code.
      isKnown = reader.readByte() == COMPILE;
      addressBytes = reader.readByte();
      abbreviations = DwarfForm.unsigned(reader, offsetBytes);
    } else {
      abbreviations = DwarfForm.unsigned(reader, offsetBytes);
      addressBytes = reader.readByte();
    }
    if (addressBytes != 4 && addressBytes != 8) {
      isKnown = false;
    }
    return new DwarfUnit(
        start,
        end,
        reader.position(),
        isKnown ? version : 0,
        offsetBytes,
        addressBytes,
        abbreviations);
  }

  /// {@return whether its entries can be read}
  boolean isReadable() {
    return version != 0;
  }
}
