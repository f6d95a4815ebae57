package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.MemoryForm;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.MemoryType;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;

/// Estimates of how much JVM bytecode an instruction becomes: rather too much than too little.
final class BytecodeSizes {
  private static final int MAX_FACTOR = 28;

  /// What a loop takes together with its counting, at its head and at its end.
  private static final int LOOP_BYTES = 48;

  /// What code that counts has besides at the end of a segment, and at a bulk instruction.
  private static final int FUEL_BYTES = 10;

  /// What a counted loop has besides in code that polls.
  private static final int STRIP_BYTES = 6;

  /// What debuggable code has besides at an instruction: the position, its operands in the frame,
  /// locals and memory read anew.
  private static final int DEBUG_BYTES = 82;

  /// What a memory access takes in a large function.
  private static final int CALLED_ACCESS_BYTES = 26;

  /// What a call takes, without its arguments and results.
  private static final int CALL_BYTES = 17;

  /// What it takes to read memory 0 again where it may have grown.
  private static final int RELOAD_BYTES = 36;

  /// The same after each call in the exact form.
  private static final int EXACT_RELOAD_BYTES = 13;

  /// What it takes to move a value between the JVM stack and a slot of the store or a variable.
  private static final int VALUE_BYTES = 14;

  /// What a select takes, with the condition that it makes a number of.
  private static final int SELECT_BYTES = 30;

  /// What an unsigned division takes, with the multiplication that may stand for it.
  private static final int DIVISION_BYTES = 28;

  /// What a local in a frame array takes besides, where it is a vector, which is two accesses.
  private static final int FRAMED_BYTES = 24;

  /// A body of at least this many bytes of Wasm is large: from about here on C1 refuses functions
  /// with many memory accesses that are written out.
  static final int LARGE_BODY_BYTES = 2_000;

  private final CodeKind kind;
  private final ModulePlan plan;
  private final BitSet framed;
  private final IntUnaryOperator labelArity;
  private final int reloadBytes;

  /// Whether accesses of memories in arrays are calls.
  private final boolean callsAccesses;

  /// @param functionIndex the function that instructions are of
  /// @param framed the locals that are not in local variables
  /// @param labelArity tells the number of values that a branch to a label carries, a vector being
  ///   two
  BytecodeSizes(
      CodeKind kind,
      ModulePlan plan,
      int functionIndex,
      BitSet framed,
      IntUnaryOperator labelArity) {
    this.kind = kind;
    this.callsAccesses = kind != CodeKind.DEBUG && isLarge(plan.module(), functionIndex);
    this.plan = plan;
    this.framed = framed;
    this.labelArity = labelArity;
    this.reloadBytes = InstanceAccess.isExact(plan) ? EXACT_RELOAD_BYTES : RELOAD_BYTES;
  }

  /// {@return whether a function is large for the JIT, so that its memory accesses are calls}
  static boolean isLarge(WasmModule module, int functionIndex) {
    return module.bodyEnd(functionIndex) - module.bodyOffset(functionIndex) >= LARGE_BODY_BYTES;
  }

  /// {@return no instruction becomes more than this many times its own size, by the estimates,
  /// where no shape has many values}
  static int maxFactor(CodeKind kind) {
    return switch (kind) {
      case BASELINE, OPTIMIZED -> MAX_FACTOR;
      case POLLED -> MAX_FACTOR;
      case FUEL -> MAX_FACTOR + FUEL_BYTES;
      case DEBUG -> MAX_FACTOR + DEBUG_BYTES;
    };
  }

  /// {@return the bytes for the current instruction of `reader`}
  int estimate(Opcode opcode, InstructionReader reader) {
    int bytes = estimatePlain(opcode, reader);
    return switch (kind) {
      case BASELINE, OPTIMIZED -> bytes;
      case POLLED -> opcode == Opcode.LOOP ? bytes + STRIP_BYTES : bytes;
      case FUEL ->
          FuelSegments.isLast(opcode) || FuelSegments.isBulk(opcode)
              ? bytes + FUEL_BYTES + (opcode == Opcode.LOOP ? STRIP_BYTES : 0)
              : bytes;
      case DEBUG -> bytes + DEBUG_BYTES;
    };
  }

  private int estimatePlain(Opcode opcode, InstructionReader reader) {
    return switch (opcode.immediates()) {
      case NONE -> estimateWithoutImmediates(opcode);
      case LOCAL -> {
        int bytes = opcode == Opcode.LOCAL_GET ? 3 : 5;
        yield framed.get(reader.index()) ? bytes + FRAMED_BYTES : bytes;
      }
      case I32, F32 -> 3;
      case I64, F64 -> 4;
      case V128 -> 6;
      case LANE -> 30;
      case SHUFFLE -> 200;
      case MEMORY_ACCESS, MEMORY_ACCESS_LANE ->
          memoryAccess(opcode, plan.module().memoryType(reader.memoryIndex()));
      case CATCH_TABLE -> 40 + 50 * reader.catchCount();
      case TAG -> 40;
      case BLOCK_TYPE -> opcode == Opcode.LOOP ? LOOP_BYTES : 10;
      case LABEL -> 10 + values(labelArity.applyAsInt(reader.index()));
      case CAST_BRANCH -> 36 + values(labelArity.applyAsInt(reader.index()));
      case LABEL_TABLE -> table(opcode, reader);
      case FUNCTION ->
          CALL_BYTES
              + call(plan.shapeOfFunction(reader.index()))
              + (InstanceAccess.reloadsAfter(plan, reader.index()) ? reloadBytes : 0);
      case TYPE_TABLE -> CALL_BYTES + call(plan.shapeAt(reader.index())) + reloadBytes;
      case TYPE ->
          plan.module().type(reader.index()).composite() instanceof FuncType
              ? CALL_BYTES + call(plan.shapeAt(reader.index())) + reloadBytes
              : 24;
      case MEMORY -> opcode == Opcode.MEMORY_GROW ? 16 + RELOAD_BYTES : 20;
      case TYPE_TYPE -> 24;
      case TYPE_COUNT -> 24 + 6 * (reader.index2() / 8 + 7);
      case VALUE_TYPES -> SELECT_BYTES;
      default -> 20;
    };
  }

  private static int estimateWithoutImmediates(Opcode opcode) {
    return switch (opcode) {
      case NOP, END -> 1;
      case UNREACHABLE -> 4;
      case SELECT -> SELECT_BYTES;
      case REF_I31 -> 8;
      case I64_ADD128, I64_SUB128 -> 40;
      case I64_MUL_WIDE_S, I64_MUL_WIDE_U -> 24;
      case I32_DIV_U, I32_REM_U, I64_DIV_U, I64_REM_U -> DIVISION_BYTES;
      default -> opcode.prefix() == Opcode.PREFIX_SIMD ? 40 : 4;
    };
  }

  private int table(Opcode opcode, InstructionReader reader) {
    int targets = Math.min(targets(opcode, reader), BranchTables.MAX_ESTIMATED_TARGETS);
    int carried = values(labelArity.applyAsInt(reader.tableLabel(reader.tableLength())));
    return 32
        + 4 * Math.min(reader.tableLength(), BranchTables.MAX_DIRECT)
        + targets * (8 + carried);
  }

  /// A vector is two accesses, an index of 64 bits takes more room.
  private int memoryAccess(Opcode opcode, MemoryType type) {
    boolean isWide =
        opcode.prefix() == Opcode.PREFIX_ATOMIC
            || type.limits().is64()
            || MemoryForm.isSegment(type);
    if (callsAccesses && !isWide && opcode.prefix() == 0) {
      return CALLED_ACCESS_BYTES;
    }
    return (isWide ? 48 : 40) + (opcode.prefix() == Opcode.PREFIX_SIMD ? 40 : 0);
  }

  /// {@return the bytes to move `count` values, the first few of which are in the other estimates;
  /// a vector is two}
  static int values(int count) {
    return count <= 1 ? 0 : VALUE_BYTES * count;
  }

  private static int call(CallShape shape) {
    return values(JvmKind.resultSlots(shape.results())) + VALUE_BYTES * transferred(shape);
  }

  /// {@return the number of labels that an instruction may branch to}
  int targets(Opcode opcode, InstructionReader reader) {
    return switch (opcode.immediates()) {
      case LABEL, CAST_BRANCH -> 1;
      case LABEL_TABLE -> BranchTables.distinct(reader).length;
      case CATCH_TABLE -> reader.catchCount();
      default -> 0;
    };
  }

  /// {@return the bytes for what a function begins with: the values of its locals}
  static int prolog(ModulePlan plan, int functionIndex) {
    CallShape shape = plan.shapeOfFunction(functionIndex);
    String others = Sites.locals(plan.module(), functionIndex).substring(shape.params().length());
    return 5 * Math.min(JvmKind.resultSlots(others), SplitPlanner.MAX_LOCAL_SLOTS)
        + VALUE_BYTES * transferred(shape);
  }

  /// {@return the number of values that are passed in slots of the store, a vector being two}
  private static int transferred(CallShape shape) {
    return JvmKind.resultSlots(shape.params().substring(shape.stackParams()));
  }
}
