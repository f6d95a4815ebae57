package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.util.ByteReader;
import java.util.HashMap;
import java.util.Map;

/// Where the sections are in a file of the form of a module, be it the module itself or one with
/// its debug information alone.
///
/// @param codeOffset where the content of the code section starts, or -1 if there is none
/// @param custom the first custom section with each name of interest
record ModuleSections(int codeOffset, Map<String, DebugSection> custom) {
  private static final int HEADER_BYTES = 8;
  private static final int CUSTOM = 0;
  private static final int CODE = 10;
  private static final int LONGEST_NAME = DwarfSections.STRING_OFFSETS.length();

  ModuleSections {
    custom = Map.copyOf(custom);
  }

  /// {@return the sections of a file, as far as they can be read}
  static ModuleSections of(WireBytes bytes) {
    int codeOffset = -1;
    Map<String, DebugSection> custom = new HashMap<>();
    if (bytes.size() >= HEADER_BYTES) {
      ByteReader reader = bytes.reader(HEADER_BYTES);
      try {
        while (!reader.atEnd()) {
          int id = reader.readByte();
          int size = reader.readU32();
          int start = reader.position();
          reader.skip(size < 0 ? reader.remaining() + 1 : size);
          if (id == CODE && codeOffset < 0) {
            codeOffset = start;
          } else if (id == CUSTOM) {
            add(custom, new DebugSection(bytes, start, start + size));
          }
        }
      } catch (MalformedException _) {
        // What comes before is there.
      }
    }
    return new ModuleSections(codeOffset, custom);
  }

  private static void add(Map<String, DebugSection> custom, DebugSection section) {
    ByteReader reader = section.reader(0);
    int length = reader.readU32();
    if (length >= 0 && length <= LONGEST_NAME) {
      String name = section.text(reader, length);
      if (isOfInterest(name)) {
        custom.putIfAbsent(
            name, new DebugSection(section.bytes(), reader.position(), section.to()));
      }
    }
  }

  private static boolean isOfInterest(String name) {
    return switch (name) {
      case LineTable.LINES,
          LineTable.LINE_STRINGS,
          LineTable.STRINGS,
          DwarfSections.INFO,
          DwarfSections.ABBREVIATIONS,
          DwarfSections.OLD_RANGES,
          DwarfSections.RANGES,
          DwarfSections.ADDRESSES,
          DwarfSections.STRING_OFFSETS ->
          true;
      default -> false;
    };
  }
}
