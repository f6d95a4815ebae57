package dev.cloister.engine.bytecode;

import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TypeSpace;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.ByteReader;
import java.util.Arrays;
import java.util.Objects;

/// A cursor over the instructions of a function body or constant expression (Spec 5.4).
///
/// [#next] moves to the next instruction; the accessors then tell its immediates, and
/// [ImmediateKind] says which of them has a meaning. Nothing is allocated per instruction. Every
/// encoding is checked, so the validator and the code generator can use the same class. Confined to
/// one thread, reused by [#reset].
public final class InstructionReader {

  private static final int MULTI_MEMORY_FLAG = 0x40;
  private static final int EMPTY_BLOCK = 0x40;
  private static final CatchKind[] CATCH_KINDS = CatchKind.values();

  private final ByteReader reader;
  private final TypeReader typeReader;
  private final WasmFeatures features;
  private final WasmLimits limits;

  private int offset;
  private int index;
  private int index2;
  private int memoryIndex;
  private long memoryOffset;
  private int alignment;
  private int lane;
  private long low;
  private long high;
  private BlockKind blockKind = BlockKind.EMPTY;
  private ValueType blockValueType = NumType.I32;
  private HeapType heapType = AbstractHeapType.ANY;
  private RefType castSource = RefType.ANYREF;
  private RefType castTarget = RefType.ANYREF;
  private int[] labels = new int[64];
  private int tableLength;
  private int[] clauses = new int[16];
  private int catchCount;
  private ValueType[] valueTypes = new ValueType[1];
  private int valueTypeCount;

  /// Creates a cursor over `bytes[from, to)`.
  ///
  /// @param bytes the module; the caller does not change it while it is read
  /// @param types what type indices mean
  /// @param features instructions of other features are refused
  public InstructionReader(
      byte[] bytes, int from, int to, TypeSpace types, WasmFeatures features, WasmLimits limits) {
    this.reader = new ByteReader(bytes, from, to);
    this.typeReader = new TypeReader(reader, types, features);
    this.features = features;
    this.limits = limits;
  }

  /// Starts again on `bytes[from, to)`.
  public void reset(byte[] bytes, int from, int to) {
    reader.reset(bytes, from, to);
  }

  /// Returns the offset in the module of the current instruction.
  public int offset() {
    return offset;
  }

  /// Returns the offset in the module after the current instruction.
  public int position() {
    return reader.position();
  }

  /// Returns the offset after the last byte.
  public int end() {
    return reader.end();
  }

  /// Returns whether no instruction follows.
  public boolean atEnd() {
    return reader.atEnd();
  }

  /// Starts again on `[from, to)` of the same bytes.
  public void reset(int from, int to) {
    reader.reset(from, to);
  }

  /// Reads the number of groups of local declarations, the first thing in a function body (Spec
  /// 5.5.13). For each group [#readLocalCount] and [#readLocalType] follow; then come the
  /// instructions.
  public int readLocalGroups() {
    return reader.readU32();
  }

  /// Reads the number of locals of the next group, unsigned.
  public int readLocalCount() {
    return reader.readU32();
  }

  /// Reads the type of the locals of the group.
  public ValueType readLocalType() {
    return typeReader.readValueType();
  }

  /// Moves to the next instruction and reads its immediates.
  ///
  /// @throws MalformedException if there is none, or it is not encoded well
  /// @throws dev.cloister.engine.error.InvalidModuleException if it mentions an unknown type
  public Opcode next() {
    offset = reader.position();
    int first = reader.readByte();
    int prefix = first >= Opcode.PREFIX_GC && first != 0xFF ? first : 0;
    int code = prefix == 0 ? first : reader.readU32();
    Opcode opcode = Opcode.of(prefix, code);
    if (opcode == null) {
      throw illegalOpcode(prefix, code);
    }
    if (!features.has(opcode.feature())) {
      throw switchedOff(opcode);
    }
    readImmediates(opcode);
    return opcode;
  }

  private MalformedException illegalOpcode(int prefix, int code) {
    String hex = String.format("%02x", code);
    return new MalformedException(
        "illegal opcode " + (prefix == 0 ? hex : Integer.toHexString(prefix) + " " + hex), offset);
  }

  private MalformedException switchedOff(Opcode opcode) {
    return new MalformedException(
        "illegal opcode: "
            + opcode.mnemonic()
            + " needs feature "
            + opcode.feature().id()
            + ", which is switched off",
        offset);
  }

  private void readImmediates(Opcode opcode) {
    switch (opcode.immediates()) {
      case NONE -> {}
      case LOCAL, GLOBAL, LABEL, FUNCTION, TYPE, TABLE, ELEMENT, DATA, TAG ->
          index = reader.readU32();
      case MEMORY -> {
        index = reader.readU32();
        memoryIndex = index;
      }
      case I32 -> low = reader.readS32();
      case I64 -> low = reader.readS64();
      case F32 -> low = reader.readFixed32();
      case F64 -> low = reader.readFixed64();
      case V128, SHUFFLE -> {
        low = reader.readFixed64();
        high = reader.readFixed64();
      }
      case MEMORY_ACCESS -> readMemoryAccess();
      case MEMORY_ACCESS_LANE -> {
        readMemoryAccess();
        lane = reader.readByte();
      }
      case LANE -> lane = reader.readByte();
      case BLOCK_TYPE -> readBlockType();
      case LABEL_TABLE -> readLabels();
      case TYPE_TABLE,
          TABLE_TABLE,
          ELEMENT_TABLE,
          MEMORY_MEMORY,
          TYPE_FIELD,
          TYPE_COUNT,
          TYPE_DATA,
          TYPE_ELEMENT,
          TYPE_TYPE -> {
        index = reader.readU32();
        index2 = reader.readU32();
      }
      case DATA_MEMORY -> {
        index = reader.readU32();
        index2 = reader.readU32();
        memoryIndex = index2;
      }
      case VALUE_TYPES -> readValueTypes();
      case HEAP_TYPE -> heapType = typeReader.readHeapType();
      case CATCH_TABLE -> readCatchClauses();
      case CAST_BRANCH -> readCastBranch();
      case FENCE -> {
        if (reader.readByte() != 0) {
          throw new MalformedException("zero byte expected", reader.position() - 1);
        }
      }
    }
  }

  private void readMemoryAccess() {
    int start = reader.position();
    int flags = reader.readU32();
    if (Integer.compareUnsigned(flags, 2 * MULTI_MEMORY_FLAG) >= 0) {
      throw new MalformedException("malformed memop flags " + flags, start);
    }
    alignment = flags & (MULTI_MEMORY_FLAG - 1);
    memoryIndex = 0;
    if (flags >= MULTI_MEMORY_FLAG) {
      if (!features.has(WasmFeature.MULTI_MEMORY)) {
        throw new MalformedException(
            "malformed memop flags: feature multi-memory is switched off", start);
      }
      memoryIndex = reader.readU32();
    }
    memoryOffset = reader.readU64();
  }

  private void readBlockType() {
    int first = reader.peek();
    if (first == EMPTY_BLOCK) {
      reader.readByte();
      blockKind = BlockKind.EMPTY;
      return;
    }
    if (first > EMPTY_BLOCK && first < 0x80) {
      blockValueType = typeReader.readValueType();
      blockKind = BlockKind.VALUE;
      return;
    }
    int start = reader.position();
    long type = reader.readS33();
    if (type < 0) {
      throw new MalformedException("malformed block type " + type, start);
    }
    if (!features.has(WasmFeature.MULTI_VALUE)) {
      throw new MalformedException(
          "malformed block type: feature multi-value is switched off", start);
    }
    index = (int) type;
    blockKind = BlockKind.TYPE_INDEX;
  }

  private void readLabels() {
    int start = reader.position();
    int count = reader.readU32();
    limits.check(WasmLimit.BR_TABLE_SIZE, Integer.toUnsignedLong(count), start);
    if (count >= labels.length) {
      // Every label takes a byte, so a table never outgrows the body.
      labels = new int[Math.max(count + 1, labels.length * 2)];
    }
    for (int i = 0; i <= count; i++) {
      labels[i] = reader.readU32();
    }
    tableLength = count;
  }

  private void readCatchClauses() {
    readBlockType();
    int start = reader.position();
    int count = reader.readU32();
    limits.check(WasmLimit.TRY_TABLE_SIZE, Integer.toUnsignedLong(count), start);
    if (count * 3 > clauses.length) {
      clauses = new int[Math.max(count * 3, clauses.length * 2)];
    }
    for (int i = 0; i < count; i++) {
      int kind = reader.readByte();
      if (kind >= CATCH_KINDS.length) {
        throw new MalformedException("malformed catch clause " + kind, reader.position() - 1);
      }
      clauses[3 * i] = kind;
      clauses[3 * i + 1] = CATCH_KINDS[kind].hasTag() ? reader.readU32() : -1;
      clauses[3 * i + 2] = reader.readU32();
    }
    catchCount = count;
  }

  private void readValueTypes() {
    int count = reader.readU32();
    valueTypeCount = 0;
    for (int i = 0; Integer.compareUnsigned(i, count) < 0; i++) {
      ValueType type = typeReader.readValueType();
      if (valueTypeCount == valueTypes.length) {
        valueTypes = Arrays.copyOf(valueTypes, valueTypeCount * 2);
      }
      valueTypes[valueTypeCount++] = type;
    }
  }

  private void readCastBranch() {
    int start = reader.position();
    int flags = reader.readByte();
    if (flags > 3) {
      throw new MalformedException("malformed br_on_cast flags " + flags, start);
    }
    index = reader.readU32();
    castSource = RefType.of((flags & 1) != 0, typeReader.readHeapType());
    castTarget = RefType.of((flags & 2) != 0, typeReader.readHeapType());
  }

  /// Returns the first index; those above 2^31 - 1 come out negative and are unknown everywhere.
  public int index() {
    return index;
  }

  /// Returns the second index.
  public int index2() {
    return index2;
  }

  /// Returns the memory that the instruction works on.
  public int memoryIndex() {
    return memoryIndex;
  }

  /// Returns the constant that is added to the address, unsigned.
  public long memoryOffset() {
    return memoryOffset;
  }

  /// Returns the binary logarithm of the alignment hint, in `[0, 63]`.
  public int alignment() {
    return alignment;
  }

  /// Returns the constant of `i32.const`.
  public int i32Const() {
    return (int) low;
  }

  /// Returns the constant of `i64.const`.
  public long i64Const() {
    return low;
  }

  /// Returns the bits of the constant of `f32.const`.
  public int f32Bits() {
    return (int) low;
  }

  /// Returns the bits of the constant of `f64.const`.
  public long f64Bits() {
    return low;
  }

  /// Returns bytes 0 to 7 of a vector constant or of the lanes of a shuffle, byte 0 lowest.
  public long v128Low() {
    return low;
  }

  /// Returns bytes 8 to 15 of a vector constant or of the lanes of a shuffle, byte 8 lowest.
  public long v128High() {
    return high;
  }

  /// Returns the lane, in `[0, 255]`.
  public int lane() {
    return lane;
  }

  /// Returns the form of the block type.
  public BlockKind blockKind() {
    return blockKind;
  }

  /// Returns the result of a block of kind [BlockKind#VALUE].
  public ValueType blockValueType() {
    return blockValueType;
  }

  /// Returns the type index of a block of kind [BlockKind#TYPE_INDEX].
  public int blockTypeIndex() {
    return index;
  }

  /// Returns the number of labels of a `br_table` without the default.
  public int tableLength() {
    return tableLength;
  }

  /// Returns label `i` of a `br_table`; the default is label [#tableLength].
  public int tableLabel(int i) {
    return labels[Objects.checkIndex(i, tableLength + 1)];
  }

  /// Returns the number of result types of a typed `select`.
  public int valueTypeCount() {
    return valueTypeCount;
  }

  /// Returns result type `i` of a typed `select`.
  public ValueType valueType(int i) {
    return valueTypes[Objects.checkIndex(i, valueTypeCount)];
  }

  /// Returns the heap type of `ref.null`, `ref.test` or `ref.cast`.
  public HeapType heapType() {
    return heapType;
  }

  /// Returns the type before the cast of `br_on_cast` or `br_on_cast_fail`.
  public RefType castSource() {
    return castSource;
  }

  /// Returns the type after the cast of `br_on_cast` or `br_on_cast_fail`.
  public RefType castTarget() {
    return castTarget;
  }

  /// Returns the number of catch clauses of a `try_table`.
  public int catchCount() {
    return catchCount;
  }

  /// Returns the form of catch clause `i`.
  public CatchKind catchKind(int i) {
    return CATCH_KINDS[clauses[3 * Objects.checkIndex(i, catchCount)]];
  }

  /// Returns the tag of catch clause `i`; only for kinds that have one.
  public int catchTag(int i) {
    return clauses[3 * Objects.checkIndex(i, catchCount) + 1];
  }

  /// Returns the label of catch clause `i`, counted from outside of the `try_table`'s own label.
  public int catchLabel(int i) {
    return clauses[3 * Objects.checkIndex(i, catchCount) + 2];
  }
}
