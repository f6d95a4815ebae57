package dev.cloister.engine.decode;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.ConstExprList;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.ElementSegment;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.ByteReader;
import org.jspecify.annotations.Nullable;

/// The element, data count and data sections (Spec 5.5.12, 5.5.14, 5.5.15).
final class SegmentSections {

  /// Flag of an element segment: it is not active. Flag of a data segment: it is passive.
  private static final int PASSIVE_OR_DECLARATIVE = 1;

  /// Flag of an active segment: it names its table or memory. Flag of others: it is declarative.
  private static final int EXPLICIT_INDEX = 2;

  /// Flag of an element segment: its elements are expressions.
  private static final int EXPRESSIONS = 4;

  private final SectionReader section;
  private final ByteReader reader;
  private final WasmModuleBuilder module;

  SegmentSections(SectionReader section) {
    this.section = section;
    this.reader = section.reader;
    this.module = section.module;
  }

  void readElements() {
    int count = section.readCount(WasmLimit.ELEMENT_SEGMENTS);
    for (int i = 0; i < count; i++) {
      module.addElement(readElementSegment());
    }
  }

  private ElementSegment readElementSegment() {
    int start = reader.position();
    int flags = reader.readU32();
    if (Integer.compareUnsigned(flags, 7) > 0) {
      throw new MalformedException(
          "malformed elements segment kind " + Integer.toUnsignedString(flags), start);
    }
    if (flags != 0 && !section.has(WasmFeature.BULK_MEMORY)) {
      throw SectionReader.switchedOff(
          "malformed elements segment kind " + flags, WasmFeature.BULK_MEMORY, start);
    }
    boolean hasIndex = (flags & EXPLICIT_INDEX) != 0;
    Mode mode = Mode.ACTIVE;
    int tableIndex = 0;
    ConstExpr offset = null;
    if ((flags & PASSIVE_OR_DECLARATIVE) != 0) {
      mode = hasIndex ? Mode.DECLARATIVE : Mode.PASSIVE;
    } else {
      tableIndex = readIndexOrZero(hasIndex, "table", module.tableCount(), start);
      offset = readOffset(module.tableType(tableIndex).limits().addressType());
    }
    boolean hasExpressions = (flags & EXPRESSIONS) != 0;
    RefType type = readElementType(hasExpressions, (flags & 3) != 0);
    if (mode == Mode.ACTIVE) {
      checkFits(type, module.tableType(tableIndex), start);
    }
    int count = section.readCount(WasmLimit.ELEMENTS);
    return hasExpressions
        ? new ElementSegment(mode, tableIndex, offset, type, null, readExpressions(count, type))
        : new ElementSegment(mode, tableIndex, offset, type, readFunctionIndices(count), null);
  }

  private int readIndexOrZero(boolean isExplicit, String kind, int count, int start) {
    if (isExplicit) {
      return section.readIndex(kind, count);
    }
    if (count == 0) {
      throw new InvalidModuleException("unknown " + kind + " 0, there are 0", start);
    }
    return 0;
  }

  private ConstExpr readOffset(ValueType addressType) {
    int from = reader.position();
    section.readConstExpr(addressType);
    return new ConstExpr(from, reader.position());
  }

  /// Reads what kind of elements a segment has; the two shortest forms do not say it.
  private RefType readElementType(boolean hasExpressions, boolean isExplicit) {
    if (hasExpressions) {
      return isExplicit ? section.types.readRefType() : RefType.FUNCREF;
    }
    if (isExplicit && reader.readByte() != 0) {
      throw new MalformedException("malformed element kind", reader.position() - 1);
    }
    return RefType.of(false, AbstractHeapType.FUNC);
  }

  private void checkFits(RefType type, TableType table, int start) {
    if (!Subtyping.isSubtype(type, table.element())) {
      throw new InvalidModuleException(
          "type mismatch: elements are "
              + section.text(type)
              + ", the table holds "
              + section.text(table.element()),
          start);
    }
  }

  private int[] readFunctionIndices(int count) {
    int[] indices = new int[roomFor(count)];
    for (int i = 0; i < count; i++) {
      int index = section.readIndex("function", module.functionCount());
      module.declareFunction(index);
      indices[i] = index;
    }
    return indices;
  }

  private ConstExprList readExpressions(int count, RefType type) {
    int start = reader.position();
    int[] ends = new int[roomFor(count)];
    for (int i = 0; i < count; i++) {
      section.readConstExpr(type);
      ends[i] = reader.position();
    }
    return new ConstExprList(start, ends);
  }

  /// Returns `count`, or less if the bytes left cannot hold so many entries.
  private int roomFor(int count) {
    return Math.min(count, reader.remaining());
  }

  void readDataCount() {
    module.setDataCount(section.readCount(WasmLimit.DATA_SEGMENTS));
  }

  void readData() {
    int start = reader.position();
    int count = section.readCount(WasmLimit.DATA_SEGMENTS);
    if (module.dataCount() >= 0 && module.dataCount() != count) {
      throw inconsistentDataCount(module.dataCount(), count, start);
    }
    for (int i = 0; i < count; i++) {
      module.addData(readDataSegment());
    }
  }

  static MalformedException inconsistentDataCount(int declared, int count, int offset) {
    return new MalformedException(
        "data count and data section have inconsistent lengths: " + declared + " and " + count,
        offset);
  }

  private DataSegment readDataSegment() {
    int start = reader.position();
    int flags = reader.readU32();
    if (Integer.compareUnsigned(flags, 2) > 0) {
      throw new MalformedException(
          "malformed data segment kind " + Integer.toUnsignedString(flags), start);
    }
    boolean active = flags != PASSIVE_OR_DECLARATIVE;
    if (!active && !section.has(WasmFeature.BULK_MEMORY)) {
      throw SectionReader.switchedOff(
          "malformed data segment kind " + flags, WasmFeature.BULK_MEMORY, start);
    }
    int memoryIndex = 0;
    @Nullable ConstExpr offset = null;
    if (active) {
      memoryIndex = readIndexOrZero(flags == EXPLICIT_INDEX, "memory", module.memoryCount(), start);
      offset = readOffset(module.memoryType(memoryIndex).limits().addressType());
    }
    int length = reader.readU32();
    int from = reader.position();
    if (length < 0) {
      reader.skip(Integer.MAX_VALUE);
    }
    reader.skip(length);
    return new DataSegment(active, memoryIndex, offset, from, length);
  }
}
