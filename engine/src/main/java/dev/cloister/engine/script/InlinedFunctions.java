package dev.cloister.engine.script;

import dev.cloister.engine.error.InlinedCall;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.util.ByteReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which functions were inlined where, by the entries of `.debug_info` (DWARF 2 to 5).
///
/// The section is read once for an index of the functions that have others inlined, and the entries
/// of one function again for each question. Whatever is malformed or too large is passed over: it
/// tells of nothing.
final class InlinedFunctions {
  /// The largest section that is read, in bytes.
  static final int MAX_BYTES = 64 << 20;

  /// The most bytes of tables of abbreviations that are read for the index.
  private static final long MAX_TABLE_BYTES = 64L << 20;

  /// The most units with code that are noted.
  private static final int MAX_UNITS = 65_536;

  /// The most bytes of entries that are read for a question.
  private static final int MAX_FUNCTION_BYTES = 1 << 20;

  /// The most inlined calls that are told of one instruction.
  private static final int MAX_CALLS = 64;

  /// How many entries are looked at for a name.
  private static final int MAX_ORIGINS = 4;

  /// How deep entries may be in entries.
  private static final int MAX_DEPTH = 1_000;

  /// Lower addresses are those of functions that the linker has dropped.
  private static final long FIRST_ADDRESS = 2;

  // The values of a checkpoint.
  private static final int END = 0;
  private static final int POSITION = 1;
  private static final int UNIT = 2;
  private static final int WIDTH = 3;

  private final DwarfSections sections;
  private final DwarfValues values;
  private final int codeOffset;
  private final List<DwarfUnitRoot> units;
  private final Checkpoints functions;

  private InlinedFunctions(
      DwarfSections sections,
      DwarfValues values,
      int codeOffset,
      List<DwarfUnitRoot> units,
      Checkpoints functions) {
    this.sections = sections;
    this.values = values;
    this.codeOffset = codeOffset;
    this.units = units;
    this.functions = functions;
  }

  /// Reads the index.
  ///
  /// @param files what names the files of lines
  /// @param codeOffset where the content of the module's code section starts
  /// @param codeEnd where it ends, counted from there
  /// @param maxFunctions the most functions that are noted
  static InlinedFunctions read(
      DwarfSections sections, LineFiles files, int codeOffset, int codeEnd, int maxFunctions) {
    DwarfValues values = new DwarfValues(sections, files);
    Indexer indexer = new Indexer(sections, values, codeEnd, maxFunctions);
    if (sections.info().size() <= MAX_BYTES) {
      indexer.run();
    }
    return new InlinedFunctions(
        sections, values, codeOffset, List.copyOf(indexer.units), indexer.functions.build());
  }

  /// Reads all units for the functions in which others are inlined.
  private static final class Indexer {
    private final DwarfSections sections;
    private final DwarfValues values;
    private final int codeEnd;
    private final int maxFunctions;
    final List<DwarfUnitRoot> units = new ArrayList<>();
    final Checkpoints.Builder functions = new Checkpoints.Builder(WIDTH);
    private final DwarfEntry entry = new DwarfEntry();
    private long tableBytes;

    Indexer(DwarfSections sections, DwarfValues values, int codeEnd, int maxFunctions) {
      this.sections = sections;
      this.values = values;
      this.codeEnd = codeEnd;
      this.maxFunctions = maxFunctions;
    }

    void run() {
      DebugSection info = sections.info();
      ByteReader reader = info.reader(0);
      try {
        while (!reader.atEnd() && tableBytes < MAX_TABLE_BYTES && units.size() < MAX_UNITS) {
          DwarfUnit unit = DwarfUnit.read(reader);
          if (unit.isReadable()) {
            reader.reset(unit.entries(), unit.end());
            readUnit(reader, unit);
          }
          reader.reset(unit.end(), info.to());
        }
      } catch (MalformedException _) {
        // Where a unit ends is not known, so no other one can be found.
      }
    }

    private void readUnit(ByteReader reader, DwarfUnit unit) {
      try {
        Abbreviations table = Abbreviations.read(sections.abbreviations(), unit.abbreviations());
        tableBytes += table.bytes();
        if (entry.read(reader, unit, table) && entry.tag == DwarfEntry.COMPILE_UNIT) {
          units.add(DwarfUnitRoot.of(unit, entry, values));
          if (entry.hasChildren) {
            readEntries(reader, unit, table);
          }
        }
      } catch (MalformedException _) {
        // What was read of the unit before is kept.
      }
    }

    private void readEntries(ByteReader reader, DwarfUnit unit, Abbreviations table) {
      DwarfUnitRoot root = units.getLast();
      int depth = 1;
      // The function that is being read: its depth, or 0.
      int within = 0;
      long start = 0;
      long end = 0;
      int position = 0;
      while (depth > 0 && depth < MAX_DEPTH && !reader.atEnd()) {
        if (!entry.read(reader, unit, table)) {
          depth--;
          within = depth < within ? 0 : within;
          continue;
        }
        if (entry.tag == DwarfEntry.SUBPROGRAM && entry.low != DwarfEntry.NONE) {
          within = 0;
          start = values.low(root, entry);
          end = values.high(root, entry, start);
          if (start >= FIRST_ADDRESS && start < codeEnd && end > start && entry.hasChildren) {
            within = depth + 1;
            position = entry.position;
          }
        } else if (entry.tag == DwarfEntry.INLINED_SUBROUTINE && within > 0) {
          if (functions.size() < maxFunctions) {
            functions.add((int) start, (int) Math.min(end, codeEnd), position, units.size() - 1);
          }
          // Once is enough.
          within = 0;
        }
        depth += entry.hasChildren ? 1 : 0;
      }
    }
  }

  /// {@return the calls of inlined functions that an instruction is in, the innermost first}
  ///
  /// @param offset of the instruction in the module
  List<InlinedCall> find(int offset) {
    int address = offset - codeOffset;
    int found = functions.floor(address);
    if (found < 0 || address >= functions.value(found, END)) {
      return List.of();
    }
    Question question = new Question(units.get(functions.value(found, UNIT)), address);
    try {
      question.read(functions.value(found, POSITION));
    } catch (MalformedException _) {
      // The calls further out are right.
    }
    return question.calls.reversed();
  }

  /// What is read to answer one question.
  private final class Question {
    private final DwarfUnitRoot root;
    private final int address;
    private final Map<Long, Abbreviations> tables = new HashMap<>();
    private final Map<Long, String> files = new HashMap<>();
    final List<InlinedCall> calls = new ArrayList<>();

    Question(DwarfUnitRoot root, int address) {
      this.root = root;
      this.address = address;
    }

    private Abbreviations table(DwarfUnit unit) {
      return tables.computeIfAbsent(
          unit.abbreviations(), offset -> Abbreviations.read(sections.abbreviations(), offset));
    }

    /// Reads a function with all that is inlined in it.
    void read(int position) {
      DwarfUnit unit = root.unit();
      ByteReader reader = sections.info().reader(0);
      reader.reset(position, (int) Math.min(unit.end(), (long) position + MAX_FUNCTION_BYTES));
      DwarfEntry entry = new DwarfEntry();
      int depth = 0;
      do {
        if (entry.read(reader, unit, table(unit))) {
          // What is around a call comes before it, and has all of its addresses.
          if (entry.tag == DwarfEntry.INLINED_SUBROUTINE
              && values.contains(root, entry, address)
              && calls.size() < MAX_CALLS) {
            calls.add(new InlinedCall(name(entry), call(entry)));
          }
          depth += entry.hasChildren ? 1 : 0;
        } else {
          depth--;
        }
      } while (depth > 0 && depth < MAX_DEPTH && !reader.atEnd());
    }

    private @Nullable SourcePosition call(DwarfEntry entry) {
      String known = files.get(entry.callFile);
      String file = known == null ? values.file(root, entry.callFile) : known;
      boolean isPlace = entry.callLine > 0 && entry.callLine <= Integer.MAX_VALUE;
      if (file == null || !isPlace) {
        return null;
      }
      files.put(entry.callFile, file);
      int column = Math.clamp(entry.callColumn, 0, Integer.MAX_VALUE);
      return new SourcePosition(file, (int) entry.callLine, column);
    }

    /// {@return the name of what an entry was made from}
    private @Nullable String name(DwarfEntry inlined) {
      DwarfEntry entry = inlined;
      DwarfUnitRoot unit = root;
      for (int steps = 0; steps < MAX_ORIGINS && entry.origin != DwarfEntry.NONE; steps++) {
        int base =
            DwarfForm.isInUnit(entry.originForm) ? unit.unit().start() : sections.info().from();
        DwarfUnitRoot owner = entry.origin < 0 ? null : unitAt(base + entry.origin);
        if (owner == null || base + entry.origin < owner.unit().entries()) {
          return null;
        }
        ByteReader reader = sections.info().reader(0);
        reader.reset((int) (base + entry.origin), owner.unit().end());
        DwarfEntry next = new DwarfEntry();
        if (!next.read(reader, owner.unit(), table(owner.unit()))) {
          return null;
        }
        if (next.name != DwarfEntry.NONE) {
          return values.text(owner, next.nameForm, next.name);
        }
        entry = next;
        unit = owner;
      }
      return null;
    }
  }

  private @Nullable DwarfUnitRoot unitAt(long position) {
    int low = 0;
    int high = units.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (units.get(middle).unit().end() <= position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < units.size() && units.get(low).unit().start() <= position ? units.get(low) : null;
  }
}
