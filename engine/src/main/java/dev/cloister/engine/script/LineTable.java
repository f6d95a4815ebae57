package dev.cloister.engine.script;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.util.ByteReader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// The line table of DWARF 2 to 5 (`.debug_line`): which instruction came from which line.
///
/// Addresses are offsets from the start of the code section's content. What a linker left of
/// functions that it dropped has addresses outside of all functions and is passed over.
///
/// The section is read once for an index, and a stretch of it again for each question.
final class LineTable implements SourceTable {
  static final String INFO = ".debug_info";
  static final String LINES = ".debug_line";
  static final String LINE_STRINGS = ".debug_line_str";
  static final String STRINGS = ".debug_str";

  /// The longest line table that is read, in bytes.
  static final int MAX_BYTES = 64 << 20;

  /// How many units may be malformed before no further ones are read.
  private static final int MAX_MALFORMED_UNITS = 16;

  /// The most bytes that are read to answer a question, in case opcodes without rows fill the
  /// table.
  private static final int MAX_STEP_BYTES = 16 * Checkpoints.INTERVAL_BYTES;

  /// The largest tables of files that are searched, in bytes.
  private static final int MAX_FILE_TABLE_BYTES = 1 << 20;

  /// The most names of files that are kept.
  private static final int MAX_NAMES = 256;

  // The values of a checkpoint.
  private static final int POSITION = 0;
  private static final int UNIT = 1;
  private static final int FILE = 2;
  private static final int LINE = 3;
  private static final int COLUMN = 4;
  private static final int WIDTH = 5;

  private record FileKey(int unit, int file) {}

  private record Row(int file, int line, int column) {}

  private final DebugSection lines;
  private final LineFiles files;
  private final int codeOffset;
  private final Checkpoints checkpoints;
  private final ConcurrentMap<FileKey, String> names = new ConcurrentHashMap<>();

  private LineTable(LineFiles files, int codeOffset, Checkpoints checkpoints) {
    this.lines = files.lines();
    this.files = files;
    this.codeOffset = codeOffset;
    this.checkpoints = checkpoints;
  }

  /// {@return the line table for the functions of a module}
  ///
  /// @param files the sections that it is in
  /// @param codeOffset where the content of the module's code section starts
  static SourceTable read(LineFiles files, WasmModule module, int codeOffset) {
    if (files.lines().size() > MAX_BYTES
        || module.functionCount() == module.importedFunctionCount()) {
      return EMPTY;
    }
    return new LineTable(files, codeOffset, new Indexer(files.lines(), module, codeOffset).index());
  }

  /// Reads all units for where their sequences are.
  private static final class Indexer {
    private final DebugSection lines;
    private final int codeEnd;
    private final int maxCheckpoints;
    private final Checkpoints.Builder checkpoints = new Checkpoints.Builder(WIDTH);
    private int malformedUnits;

    Indexer(DebugSection lines, WasmModule module, int codeOffset) {
      this.lines = lines;
      this.codeEnd = module.bodyEnd(module.functionCount() - 1) - codeOffset;
      int functions = module.functionCount() - module.importedFunctionCount();
      // A sequence for each function, some more for those that are divided, and long ones.
      this.maxCheckpoints = 2 * functions + 16 + lines.size() / Checkpoints.INTERVAL_BYTES;
    }

    Checkpoints index() {
      ByteReader reader = lines.reader(0);
      try {
        while (!reader.atEnd() && malformedUnits < MAX_MALFORMED_UNITS) {
          int unit = reader.position();
          int end = LineProgramHeader.readEnd(reader);
          index(unit, end);
          reader.reset(end, lines.to());
        }
      } catch (MalformedException _) {
        // Where a unit ends is not known, so no other one can be found.
      }
      return checkpoints.build();
    }

    private void index(int unit, int end) {
      ByteReader reader = lines.reader(unit - lines.from());
      reader.reset(unit, end);
      try {
        LineProgramHeader header = LineProgramHeader.read(reader);
        reader.reset(header.program(), header.end());
        index(unit, new LineMachine(header, reader));
      } catch (MalformedException _) {
        // What was read of the unit before is kept.
        malformedUnits++;
      }
    }

    private void index(int unit, LineMachine machine) {
      boolean isFirst = true;
      boolean isOfCode = false;
      int last = 0;
      while (!machine.atEnd() && checkpoints.size() < maxCheckpoints) {
        if (!machine.step()) {
          continue;
        }
        // Before the first function are at least the number of functions and its size.
        boolean isInCode = machine.address() > 0 && machine.address() < codeEnd;
        if (isFirst) {
          isOfCode = isInCode;
        }
        boolean isDue = isFirst || machine.position() - last >= Checkpoints.INTERVAL_BYTES;
        if (isOfCode && isInCode && isDue && !machine.atSequenceEnd()) {
          last = machine.position();
          checkpoints.add(
              (int) machine.address(),
              last,
              unit,
              machine.file(),
              machine.line(),
              machine.column());
        }
        isFirst = machine.atSequenceEnd();
      }
    }
  }

  @Override
  public @Nullable SourcePosition find(int offset) {
    int address = offset - codeOffset;
    int checkpoint = checkpoints.floor(address);
    if (checkpoint < 0) {
      return null;
    }
    try {
      LineProgramHeader header = header(checkpoints.value(checkpoint, UNIT));
      Row row = row(header, checkpoint, address);
      if (row == null || row.line() <= 0) {
        return null; // The compiler made the instruction for no line.
      }
      String name = name(checkpoints.value(checkpoint, UNIT), header, row.file());
      return name == null ? null : new SourcePosition(name, row.line(), row.column());
    } catch (MalformedException _) {
      return null;
    }
  }

  private LineProgramHeader header(int unit) {
    return LineProgramHeader.read(lines.reader(unit - lines.from()));
  }

  /// {@return the last row at or before an address, if its sequence reaches that far}
  private @Nullable Row row(LineProgramHeader header, int checkpoint, int address) {
    int start = checkpoints.value(checkpoint, POSITION);
    ByteReader reader = lines.reader(start - lines.from());
    reader.reset(start, Math.min(header.end(), start + MAX_STEP_BYTES));
    LineMachine machine = new LineMachine(header, reader);
    Row row =
        new Row(
            checkpoints.value(checkpoint, FILE),
            checkpoints.value(checkpoint, LINE),
            checkpoints.value(checkpoint, COLUMN));
    machine.resume(checkpoints.key(checkpoint), row.file(), row.line(), row.column());
    while (!machine.atEnd()) {
      if (machine.step()) {
        if (machine.address() > address) {
          return row;
        }
        if (machine.atSequenceEnd()) {
          return null;
        }
        row = new Row(machine.file(), machine.line(), machine.column());
      }
    }
    return null;
  }

  private @Nullable String name(int unit, LineProgramHeader header, int file) {
    FileKey key = new FileKey(unit, file);
    String name = names.get(key);
    if (name == null && header.program() - header.tables() <= MAX_FILE_TABLE_BYTES) {
      name = files.path(header, file);
      if (name != null && names.size() < MAX_NAMES) {
        names.put(key, name);
      }
    }
    return name;
  }
}
