package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;
import org.jspecify.annotations.Nullable;

/// What attributes of `.debug_info` refer to: addresses, ranges, texts and files. Any thread.
///
/// @param sections where all of it is
/// @param files what names the files of line tables
record DwarfValues(DwarfSections sections, LineFiles files) {
  /// The longest list of ranges that is searched.
  private static final int MAX_RANGES = 100_000;

  /// The largest table of files that is searched, in bytes.
  private static final int MAX_FILE_TABLE_BYTES = 256 << 10;

  // Entries of lists of ranges, version 5.
  private static final int END_OF_LIST = 0;
  private static final int BASE_ADDRESSX = 1;
  private static final int STARTX_ENDX = 2;
  private static final int STARTX_LENGTH = 3;
  private static final int OFFSET_PAIR = 4;
  private static final int BASE_ADDRESS = 5;
  private static final int START_END = 6;
  private static final int START_LENGTH = 7;

  /// {@return the first address of an entry}
  long low(DwarfUnitRoot root, DwarfEntry entry) {
    return DwarfForm.isIndexedAddress(entry.lowForm) ? address(root, entry.low) : entry.low;
  }

  /// {@return the address behind the last of an entry}
  long high(DwarfUnitRoot root, DwarfEntry entry, long low) {
    if (entry.high == DwarfEntry.NONE) {
      return low;
    }
    if (entry.highForm == DwarfForm.ADDR) {
      return entry.high;
    }
    return DwarfForm.isIndexedAddress(entry.highForm)
        ? address(root, entry.high)
        : low + entry.high;
  }

  /// {@return an address of `.debug_addr`}
  private long address(DwarfUnitRoot root, long index) {
    DebugSection section = sections.find(DwarfSections.ADDRESSES);
    int bytes = root.unit().addressBytes();
    return DwarfForm.unsigned(place(section, root.addressesBase(), index, bytes), bytes);
  }

  private static ByteReader place(
      @Nullable DebugSection section, long base, long index, int bytes) {
    if (section == null || index < 0 || index > section.size()) {
      throw new MalformedException("no such place", 0);
    }
    return section.reader(base + index * bytes);
  }

  /// {@return whether an address is one of an entry}
  boolean contains(DwarfUnitRoot root, DwarfEntry entry, long address) {
    if (entry.ranges != DwarfEntry.NONE) {
      return root.unit().version() < 5
          ? isInOldRanges(root, entry.ranges, address)
          : isInRanges(root, rangesAt(root, entry), address);
    }
    if (entry.low == DwarfEntry.NONE) {
      return false;
    }
    long low = low(root, entry);
    return low <= address && address < high(root, entry, low);
  }

  private long rangesAt(DwarfUnitRoot root, DwarfEntry entry) {
    if (entry.rangesForm != DwarfForm.RNGLISTX) {
      return entry.ranges;
    }
    DebugSection section = sections.find(DwarfSections.RANGES);
    int bytes = root.unit().offsetBytes();
    return root.rangesBase()
        + DwarfForm.unsigned(place(section, root.rangesBase(), entry.ranges, bytes), bytes);
  }

  private boolean isInOldRanges(DwarfUnitRoot root, long at, long address) {
    DebugSection section = sections.find(DwarfSections.OLD_RANGES);
    if (section == null) {
      return false;
    }
    ByteReader reader = section.reader(at);
    int bytes = root.unit().addressBytes();
    long select = bytes == 8 ? -1 : 0xffff_ffffL;
    long base = root.low();
    for (int i = 0; i < MAX_RANGES; i++) {
      long from = DwarfForm.unsigned(reader, bytes);
      long to = DwarfForm.unsigned(reader, bytes);
      if (from == 0 && to == 0) {
        return false;
      }
      if (from == select) {
        base = to;
      } else if (base + from <= address && address < base + to) {
        return true;
      }
    }
    return false;
  }

  private boolean isInRanges(DwarfUnitRoot root, long at, long address) {
    DebugSection section = sections.find(DwarfSections.RANGES);
    if (section == null) {
      return false;
    }
    ByteReader reader = section.reader(at);
    int bytes = root.unit().addressBytes();
    long base = root.low();
    for (int i = 0; i < MAX_RANGES; i++) {
      long from;
      long to;
      switch (reader.readByte()) {
        case END_OF_LIST -> {
          return false;
        }
        case BASE_ADDRESSX -> {
          base = address(root, reader.readU64());
          continue;
        }
        case BASE_ADDRESS -> {
          base = DwarfForm.unsigned(reader, bytes);
          continue;
        }
        case STARTX_ENDX -> {
          from = address(root, reader.readU64());
          to = address(root, reader.readU64());
        }
        case STARTX_LENGTH -> {
          from = address(root, reader.readU64());
          to = from + reader.readU64();
        }
        case OFFSET_PAIR -> {
          from = base + reader.readU64();
          to = base + reader.readU64();
        }
        case START_END -> {
          from = DwarfForm.unsigned(reader, bytes);
          to = DwarfForm.unsigned(reader, bytes);
        }
        case START_LENGTH -> {
          from = DwarfForm.unsigned(reader, bytes);
          to = from + reader.readU64();
        }
        default -> throw new MalformedException("an unknown range", reader.position());
      }
      if (from <= address && address < to) {
        return true;
      }
    }
    return false;
  }

  /// {@return a text, or null if its section is not there}
  @Nullable String text(DwarfUnitRoot root, int form, long value) {
    long at = value;
    DebugSection section = form == DwarfForm.LINE_STRP ? files.lineStrings() : files.strings();
    if (form == DwarfForm.STRING) {
      section = sections.info();
      at = value - section.from();
    } else if (DwarfForm.isIndexedText(form)) {
      int bytes = root.unit().offsetBytes();
      DebugSection offsets = sections.find(DwarfSections.STRING_OFFSETS);
      at = DwarfForm.unsigned(place(offsets, root.stringsBase(), value, bytes), bytes);
    }
    return section == null ? null : section.text(section.reader(at));
  }

  /// {@return the path of a file of a unit's line table, or null if it does not say}
  @Nullable String file(DwarfUnitRoot root, long file) {
    if (root.lineProgram() == DwarfEntry.NONE || file < 0 || file > Integer.MAX_VALUE) {
      return null;
    }
    LineProgramHeader header = LineProgramHeader.read(files.lines().reader(root.lineProgram()));
    return header.program() - header.tables() > MAX_FILE_TABLE_BYTES
        ? null
        : files.path(header, (int) file);
  }
}
