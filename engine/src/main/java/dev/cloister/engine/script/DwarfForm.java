package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;

/// How attributes of `.debug_info` are written (DWARF 2 to 5, section 7.5.6).
final class DwarfForm {
  static final int ADDR = 0x01;
  private static final int BLOCK2 = 0x03;
  private static final int BLOCK4 = 0x04;
  private static final int DATA2 = 0x05;
  private static final int DATA4 = 0x06;
  private static final int DATA8 = 0x07;
  static final int STRING = 0x08;
  private static final int BLOCK = 0x09;
  private static final int BLOCK1 = 0x0a;
  private static final int DATA1 = 0x0b;
  private static final int FLAG = 0x0c;
  private static final int SDATA = 0x0d;
  static final int STRP = 0x0e;
  private static final int UDATA = 0x0f;
  static final int REF_ADDR = 0x10;
  private static final int REF1 = 0x11;
  private static final int REF2 = 0x12;
  private static final int REF4 = 0x13;
  private static final int REF8 = 0x14;
  private static final int REF_UDATA = 0x15;
  private static final int SEC_OFFSET = 0x17;
  private static final int EXPRLOC = 0x18;
  private static final int FLAG_PRESENT = 0x19;
  static final int STRX = 0x1a;
  static final int ADDRX = 0x1b;
  private static final int REF_SUP4 = 0x1c;
  private static final int STRP_SUP = 0x1d;
  private static final int DATA16 = 0x1e;
  static final int LINE_STRP = 0x1f;
  private static final int REF_SIG8 = 0x20;
  static final int IMPLICIT_CONST = 0x21;
  private static final int LOCLISTX = 0x22;
  static final int RNGLISTX = 0x23;
  private static final int REF_SUP8 = 0x24;
  static final int STRX1 = 0x25;
  static final int STRX4 = 0x28;
  static final int ADDRX1 = 0x29;
  static final int ADDRX4 = 0x2c;

  private DwarfForm() {}

  /// {@return whether a reference counts from the beginning of its unit}
  static boolean isInUnit(int form) {
    return form >= REF1 && form <= REF_UDATA;
  }

  /// {@return whether a text is found by its number in `.debug_str_offsets`}
  static boolean isIndexedText(int form) {
    return form == STRX || (form >= STRX1 && form <= STRX4);
  }

  /// {@return whether an address is found by its number in `.debug_addr`}
  static boolean isIndexedAddress(int form) {
    return form == ADDRX || (form >= ADDRX1 && form <= ADDRX4);
  }

  /// Reads the value of an attribute, or passes over it.
  ///
  /// @return the number; the position of a text that is in place; 0 for blocks
  /// @throws MalformedException if the form is unknown, or the bytes end
  static long read(ByteReader reader, DwarfUnit unit, int form) {
    return switch (form) {
      case ADDR -> unsigned(reader, unit.addressBytes());
      case DATA1, FLAG, REF1, STRX1, ADDRX1 -> unsigned(reader, 1);
      case DATA2, REF2, STRX1 + 1, ADDRX1 + 1 -> unsigned(reader, 2);
      case STRX1 + 2, ADDRX1 + 2 -> unsigned(reader, 3);
      case DATA4, REF4, STRX4, ADDRX4, REF_SUP4 -> unsigned(reader, 4);
      case DATA8, REF8, REF_SIG8, REF_SUP8 -> unsigned(reader, 8);
      case SDATA -> reader.readS64();
      case UDATA, REF_UDATA, STRX, ADDRX, LOCLISTX, RNGLISTX -> reader.readU64();
      case STRP, LINE_STRP, STRP_SUP, SEC_OFFSET -> unsigned(reader, unit.offsetBytes());
      case REF_ADDR ->
          unsigned(reader, unit.version() == 2 ? unit.addressBytes() : unit.offsetBytes());
      case STRING -> {
        int start = reader.position();
        while (reader.readByte() != 0) {
          // Up to the zero byte that ends it.
        }
        yield start;
      }
      case BLOCK, EXPRLOC -> skip(reader, reader.readU64());
      case BLOCK1 -> skip(reader, unsigned(reader, 1));
      case BLOCK2 -> skip(reader, unsigned(reader, 2));
      case BLOCK4 -> skip(reader, unsigned(reader, 4));
      case DATA16 -> skip(reader, 16);
      case FLAG_PRESENT -> 1;
      default -> throw new MalformedException("unknown form of an attribute", reader.position());
    };
  }

  /// Reads a number in the order of WebAssembly's bytes.
  static long unsigned(ByteReader reader, int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) reader.readByte() << (8 * i);
    }
    return value;
  }

  private static long skip(ByteReader reader, long bytes) {
    if (bytes < 0 || bytes > reader.remaining()) {
      throw new MalformedException("a block that is longer than its unit", reader.position());
    }
    reader.skip((int) bytes);
    return 0;
  }
}
