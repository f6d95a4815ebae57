package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.util.ByteReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The files that units of `.debug_line` name (DWARF 5, sections 6.2.4.1 and 7.22), read anew each
/// time.
///
/// @param lines the section `.debug_line`
/// @param lineStrings the section `.debug_line_str`, if it is there
/// @param strings the section `.debug_str`, if it is there
record LineFiles(
    DebugSection lines, @Nullable DebugSection lineStrings, @Nullable DebugSection strings) {
  private static final int PATH = 1;
  private static final int DIRECTORY = 2;

  private static final int FORM_BLOCK2 = 0x03;
  private static final int FORM_BLOCK4 = 0x04;
  private static final int FORM_DATA2 = 0x05;
  private static final int FORM_DATA4 = 0x06;
  private static final int FORM_DATA8 = 0x07;
  private static final int FORM_STRING = 0x08;
  private static final int FORM_BLOCK = 0x09;
  private static final int FORM_BLOCK1 = 0x0a;
  private static final int FORM_DATA1 = 0x0b;
  private static final int FORM_STRP = 0x0e;
  private static final int FORM_UDATA = 0x0f;
  private static final int FORM_STRX = 0x1a;
  private static final int FORM_DATA16 = 0x1e;
  private static final int FORM_LINE_STRP = 0x1f;
  private static final int FORM_STRX1 = 0x25;
  private static final int FORM_STRX2 = 0x26;
  private static final int FORM_STRX3 = 0x27;
  private static final int FORM_STRX4 = 0x28;

  /// An entry of a table: a directory or a file in one.
  private record Entry(@Nullable String path, int directory) {}

  /// What each entry of a table consists of: a kind of content and a form of data each.
  private record Format(List<int[]> parts) {}

  /// {@return the path of a file, or null if the unit does not name it}
  ///
  /// @throws MalformedException if the tables are cut short
  @Nullable String path(LineProgramHeader header, int file) {
    ByteReader reader = lines.reader(0);
    reader.reset(header.tables(), header.program());
    return header.version() >= 5 ? newPath(header, reader, file) : oldPath(reader, file - 1, lines);
  }

  /// Version 5: tables with formats of their own; directory 0 is where the compiler ran.
  private @Nullable String newPath(LineProgramHeader header, ByteReader reader, int file) {
    int directories = reader.position();
    skipTable(header, reader);
    Entry found = entry(header, reader, file);
    if (found == null || found.path() == null) {
      return null;
    }
    reader.reset(directories, header.program());
    Entry directory = entry(header, reader, found.directory());
    if (directory == null || directory.path() == null) {
      return found.path();
    }
    String path = join(directory.path(), found.path());
    if (found.directory() == 0 || isAbsolute(path)) {
      return path;
    }
    reader.reset(directories, header.program());
    Entry base = entry(header, reader, 0);
    return base == null || base.path() == null ? path : join(base.path(), path);
  }

  private static void skipTable(LineProgramHeader header, ByteReader reader) {
    Format format = readFormat(reader);
    for (int left = readCount(reader, format); left > 0; left--) {
      skipEntry(header, reader, format);
    }
  }

  /// {@return the entry of the table at the cursor with an index, or null if there is none}
  private @Nullable Entry entry(LineProgramHeader header, ByteReader reader, int index) {
    Format format = readFormat(reader);
    if (index >= readCount(reader, format)) {
      return null;
    }
    for (int i = 0; i < index; i++) {
      skipEntry(header, reader, format);
    }
    return readEntry(header, reader, format);
  }

  private static int readCount(ByteReader reader, Format format) {
    long count = reader.readU64();
    // Each entry takes a byte at least, if it consists of anything.
    if (count < 0 || count > (format.parts().isEmpty() ? 0 : reader.remaining())) {
      throw new MalformedException("more entries than bytes", reader.position());
    }
    return (int) count;
  }

  private static Format readFormat(ByteReader reader) {
    int count = reader.readByte();
    List<int[]> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(new int[] {small(reader.readU64()), small(reader.readU64())});
    }
    return new Format(parts);
  }

  private static int small(long value) {
    return value < 0 || value > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) value;
  }

  private Entry readEntry(LineProgramHeader header, ByteReader reader, Format format) {
    String path = null;
    int directory = 0;
    for (int[] part : format.parts()) {
      switch (part[0]) {
        case PATH -> path = readText(header, reader, part[1]);
        case DIRECTORY -> directory = small(readNumber(header, reader, part[1]));
        default -> readNumber(header, reader, part[1]);
      }
    }
    return new Entry(path, directory);
  }

  private static void skipEntry(LineProgramHeader header, ByteReader reader, Format format) {
    for (int[] part : format.parts()) {
      readNumber(header, reader, part[1]);
    }
  }

  private @Nullable String readText(LineProgramHeader header, ByteReader reader, int form) {
    if (form == FORM_STRING) {
      return lines.text(reader);
    }
    long at = readNumber(header, reader, form);
    DebugSection section =
        form == FORM_LINE_STRP ? lineStrings : form == FORM_STRP ? strings : null;
    return section == null ? null : section.text(section.reader(at));
  }

  /// Reads data of any form; of those that are no number the value has no meaning.
  private static long readNumber(LineProgramHeader header, ByteReader reader, int form) {
    switch (form) {
      case FORM_DATA1, FORM_STRX1 -> {
        return reader.readByte();
      }
      case FORM_DATA2, FORM_STRX2 -> {
        return reader.readByte() | reader.readByte() << 8;
      }
      case FORM_STRX3 -> reader.skip(3);
      case FORM_DATA4, FORM_STRX4 -> {
        return LineProgramHeader.readUnsigned32(reader);
      }
      case FORM_DATA8 -> {
        return reader.readFixed64();
      }
      case FORM_UDATA, FORM_STRX -> {
        return reader.readU64();
      }
      case FORM_STRP, FORM_LINE_STRP -> {
        return header.offsetBytes() == 8
            ? reader.readFixed64()
            : LineProgramHeader.readUnsigned32(reader);
      }
      case FORM_DATA16 -> reader.skip(2 * Long.BYTES);
      case FORM_STRING -> skipText(reader);
      case FORM_BLOCK -> skip(reader, reader.readU64());
      case FORM_BLOCK1 -> skip(reader, reader.readByte());
      case FORM_BLOCK2 -> skip(reader, reader.readByte() | reader.readByte() << 8);
      case FORM_BLOCK4 -> skip(reader, LineProgramHeader.readUnsigned32(reader));
      default -> throw new MalformedException("unknown form of data", reader.position());
    }
    return 0;
  }

  private static void skip(ByteReader reader, long count) {
    reader.skip(small(count));
  }

  private static void skipText(ByteReader reader) {
    while (reader.readByte() != 0) {
      // Up to the zero byte that ends it.
    }
  }

  /// Versions 2 to 4: two lists of texts, each ended by an empty one. Directory 0, where the
  /// compiler ran, is not among them.
  private static @Nullable String oldPath(ByteReader reader, int file, DebugSection lines) {
    int directories = reader.position();
    while (reader.peek() != 0) {
      skipText(reader);
    }
    reader.readByte();
    for (int i = 0; reader.peek() != 0; i++) {
      String name = i == file ? lines.text(reader) : "";
      if (i != file) {
        skipText(reader);
      }
      int directory = small(reader.readU64());
      reader.readU64(); // When it was changed.
      reader.readU64(); // Its length.
      if (i == file) {
        reader.reset(directories, reader.end());
        String folder = directory == 0 ? "" : oldDirectory(reader, directory - 1, lines);
        return join(folder, name);
      }
    }
    return null;
  }

  private static String oldDirectory(ByteReader reader, int index, DebugSection lines) {
    for (int i = 0; reader.peek() != 0; i++) {
      if (i == index) {
        return lines.text(reader);
      }
      skipText(reader);
    }
    return "";
  }

  private static boolean isAbsolute(String path) {
    return path.startsWith("/") || (path.length() > 1 && path.charAt(1) == ':');
  }

  private static String join(String directory, String path) {
    if (directory.isEmpty() || directory.equals(".") || isAbsolute(path)) {
      return path;
    }
    return directory.endsWith("/") ? directory + path : directory + "/" + path;
  }
}
