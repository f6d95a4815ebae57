package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.IndexSpaces;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.TypeText;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.Checkpoint;
import dev.cloister.engine.util.IntVector;
import java.util.BitSet;
import java.util.List;

/// What is known at one point of a body or constant expression, shared by the rules of all
/// instructions: the stacks, the locals, the cursor and what the module's indices mean.
final class CodeState {
  /// How much is done between two checkpoints, in operands and instructions: well below a
  /// millisecond's worth.
  private static final int WORK_BETWEEN_CHECKPOINTS = 1 << 14;

  final IndexSpaces spaces;
  final WasmFeatures features;
  final WasmLimits limits;
  final InstructionReader reader;
  final OperandStack operands;
  final ControlStack controls;
  final Locals locals;
  private Checkpoint checkpoint = Checkpoint.NONE;
  private int work;

  /// The functions that the body calls directly by tail calls.
  final BitSet tailCallees = new BitSet();

  /// Whether the body makes tail calls.
  boolean makesTailCalls;

  /// The functions that the body calls directly, one for each call.
  final IntVector callees = new IntVector();

  /// Whether the body calls elements of tables, or references.
  boolean callsUnknown;

  CodeState(IndexSpaces spaces, WasmFeatures features, WasmLimits limits) {
    this.spaces = spaces;
    this.features = features;
    this.limits = limits;
    this.reader = new InstructionReader(new byte[0], 0, 0, spaces, features, limits);
    this.operands = new OperandStack(this, limits);
    this.controls = new ControlStack(this, limits);
    this.locals = new Locals();
  }

  void clear() {
    operands.clear();
    controls.clear();
    locals.clear();
    tailCallees.clear();
    makesTailCalls = false;
    callees.clear();
    callsUnknown = false;
  }

  /// Sets what the work is to pass from now on.
  void use(Checkpoint newCheckpoint) {
    checkpoint = newCheckpoint;
    work = 0;
  }

  /// Notes work in proportion to `amount`, and passes the checkpoint when it is due.
  void work(int amount) {
    work += amount;
    if (work >= WORK_BETWEEN_CHECKPOINTS) {
      work = 0;
      checkpoint.pass();
    }
  }

  /// Returns the offset of the current instruction.
  int offset() {
    return reader.offset();
  }

  /// Returns the fault `text` of the current instruction.
  InvalidModuleException invalid(String text) {
    return new InvalidModuleException(text, reader.offset());
  }

  /// Returns the fault `text` in the structure of the current instruction.
  MalformedException malformed(String text) {
    return new MalformedException(text, reader.offset());
  }

  /// Returns `type` as messages show it.
  String text(StorageType type) {
    return TypeText.of(type, spaces);
  }

  /// Returns `types` as messages show them.
  String text(List<ValueType> types) {
    return TypeText.of(types, spaces);
  }

  /// Drops the operands of the innermost block: what follows cannot be reached.
  void setUnreachable() {
    operands.makePolymorphic();
  }

  DefinedType type(int index) {
    return spaces.type(checkIndex("type", index, spaces.typeCount()));
  }

  FuncType functionTypeAt(int index) {
    if (type(index).composite() instanceof FuncType function) {
      return function;
    }
    throw invalid("type mismatch: type " + index + " is not a function type");
  }

  StructType structTypeAt(int index) {
    if (type(index).composite() instanceof StructType struct) {
      return struct;
    }
    throw invalid("type mismatch: type " + index + " is not a structure type");
  }

  ArrayType arrayTypeAt(int index) {
    if (type(index).composite() instanceof ArrayType array) {
      return array;
    }
    throw invalid("type mismatch: type " + index + " is not an array type");
  }

  DefinedType function(int index) {
    return spaces.functionType(checkIndex("function", index, spaces.functionCount()));
  }

  TableType table(int index) {
    return spaces.tableType(checkIndex("table", index, spaces.tableCount()));
  }

  MemoryType memory(int index) {
    return spaces.memoryType(checkIndex("memory", index, spaces.memoryCount()));
  }

  GlobalType global(int index) {
    return spaces.globalType(checkIndex("global", index, spaces.globalCount()));
  }

  TagType tag(int index) {
    return spaces.tagType(checkIndex("tag", index, spaces.tagCount()));
  }

  RefType elementSegment(int index) {
    return spaces.elementSegmentType(
        checkIndex("elem segment", index, spaces.elementSegmentCount()));
  }

  /// Requires that data segment `index` exists, which the data count section tells.
  void checkDataSegment(int index) {
    if (spaces.dataCount() < 0) {
      throw malformed("data count section required");
    }
    checkIndex("data segment", index, spaces.dataCount());
  }

  private int checkIndex(String kind, int index, int count) {
    if (Integer.compareUnsigned(index, count) >= 0) {
      throw invalid(
          "unknown " + kind + " " + Integer.toUnsignedString(index) + ", there are " + count);
    }
    return index;
  }
}
