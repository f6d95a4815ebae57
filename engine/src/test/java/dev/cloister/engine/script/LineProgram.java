package dev.cloister.engine.script;

import dev.cloister.engine.fixture.BinaryWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Writes one unit of `.debug_line`.
final class LineProgram {
  static final int LINE_BASE = -5;
  static final int LINE_RANGE = 14;
  static final int OPCODE_BASE = 13;

  private record File(String name, int directory) {}

  private final int version;
  private final boolean is64;
  private final List<String> directories = new ArrayList<>();
  private final List<File> files = new ArrayList<>();
  private final BinaryWriter program = new BinaryWriter();

  LineProgram(int version, boolean is64) {
    this.version = version;
    this.is64 = is64;
  }

  LineProgram(int version) {
    this(version, /* is64= */ false);
  }

  /// Adds a directory; in version 5 the first is where the compiler ran.
  LineProgram directory(String name) {
    directories.add(name);
    return this;
  }

  /// Adds a file: number 1 is the first in versions up to 4, number 0 in version 5.
  LineProgram file(String name, int directory) {
    files.add(new File(name, directory));
    return this;
  }

  LineProgram address(long address) {
    program.bytes(0, 5, 2).fixed(address, 4);
    return this;
  }

  LineProgram advance(long bytes) {
    program.bytes(2).unsigned(bytes);
    return this;
  }

  LineProgram line(int difference) {
    program.bytes(3).signed(difference);
    return this;
  }

  LineProgram useFile(int file) {
    program.bytes(4).unsigned(file);
    return this;
  }

  LineProgram column(int column) {
    program.bytes(5).unsigned(column);
    return this;
  }

  /// Appends a row.
  LineProgram copy() {
    program.bytes(1);
    return this;
  }

  /// Advances and appends a row by one opcode.
  LineProgram special(int advance, int lines) {
    program.bytes(lines - LINE_BASE + LINE_RANGE * advance + OPCODE_BASE);
    return this;
  }

  LineProgram end() {
    program.bytes(0, 1, 1);
    return this;
  }

  LineProgram bytes(int... bytes) {
    program.bytes(bytes);
    return this;
  }

  byte[] build() {
    byte[] header = header();
    BinaryWriter unit = new BinaryWriter().fixed(version, 2);
    if (version == 5) {
      unit.bytes(4, 0);
    }
    offset(unit, header.length).bytes(header).bytes(program.toByteArray());
    BinaryWriter out = new BinaryWriter();
    if (is64) {
      out.fixed(0xffff_ffffL, 4);
    }
    return offset(out, unit.size()).bytes(unit.toByteArray()).toByteArray();
  }

  private BinaryWriter offset(BinaryWriter out, long value) {
    return out.fixed(value, is64 ? 8 : 4);
  }

  private byte[] header() {
    BinaryWriter out = new BinaryWriter().bytes(1);
    if (version >= 4) {
      out.bytes(1);
    }
    out.bytes(1, LINE_BASE, LINE_RANGE, OPCODE_BASE, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
    return (version >= 5 ? newTables(out) : oldTables(out)).toByteArray();
  }

  private BinaryWriter oldTables(BinaryWriter out) {
    directories.forEach(directory -> text(out, directory));
    out.bytes(0);
    files.forEach(file -> text(out, file.name()).unsigned(file.directory()).bytes(0, 0));
    return out.bytes(0);
  }

  /// Directories and files by text; the files have a checksum and a form that nobody reads besides.
  private BinaryWriter newTables(BinaryWriter out) {
    out.bytes(1, 1, 0x08).unsigned(directories.size());
    directories.forEach(directory -> text(out, directory));
    out.bytes(4, 5, 0x1e, 1, 0x08, 2, 0x0b, 0x20, 0x09).unsigned(files.size());
    files.forEach(file -> {
      out.fixed(0x77, 16);
      text(out, file.name()).bytes(file.directory()).bytes(3, 1, 2, 3);
    });
    return out;
  }

  private static BinaryWriter text(BinaryWriter out, String text) {
    return out.bytes(text.getBytes(StandardCharsets.UTF_8)).bytes(0);
  }
}
