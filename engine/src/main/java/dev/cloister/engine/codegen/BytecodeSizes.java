package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.MemoryForm;
import dev.cloister.engine.types.MemoryType;

/// Estimates of how much JVM bytecode an instruction becomes: rather too much than too little.
final class BytecodeSizes {
  private static final int MAX_FACTOR = 24;

  /// What code that counts has besides at the end of a segment, and at a bulk instruction.
  private static final int FUEL_BYTES = 10;

  /// What debuggable code has besides at an instruction: the position, its operands in the frame,
  /// locals and memory read anew.
  private static final int DEBUG_BYTES = 36;

  private BytecodeSizes() {}

  /// {@return no instruction becomes more than this many times its own size, by the estimates}
  static int maxFactor(CodeKind kind) {
    return switch (kind) {
      case BASELINE, OPTIMIZED -> MAX_FACTOR;
      case FUEL -> MAX_FACTOR + FUEL_BYTES;
      case DEBUG -> MAX_FACTOR + DEBUG_BYTES;
    };
  }

  /// {@return the bytes for the current instruction of `reader`, in a function of `module`}
  static int estimate(CodeKind kind, WasmModule module, Opcode opcode, InstructionReader reader) {
    int bytes = estimate(module, opcode, reader);
    return switch (kind) {
      case BASELINE, OPTIMIZED -> bytes;
      case FUEL ->
          FuelSegments.isLast(opcode) || FuelSegments.isBulk(opcode) ? bytes + FUEL_BYTES : bytes;
      case DEBUG -> bytes + DEBUG_BYTES;
    };
  }

  private static int estimate(WasmModule module, Opcode opcode, InstructionReader reader) {
    return switch (opcode.immediates()) {
      case NONE ->
          switch (opcode) {
            case NOP, END -> 1;
            case UNREACHABLE -> 4;
            case SELECT -> 14;
            case REF_I31 -> 8;
            case I64_ADD128, I64_SUB128 -> 40;
            case I64_MUL_WIDE_S, I64_MUL_WIDE_U -> 24;
            default -> opcode.prefix() == Opcode.PREFIX_SIMD ? 40 : 4;
          };
      case LOCAL -> opcode == Opcode.LOCAL_GET ? 3 : 5;
      case I32, F32 -> 3;
      case I64, F64 -> 4;
      case MEMORY_ACCESS, MEMORY_ACCESS_LANE ->
          memoryAccess(opcode, module.memoryType(reader.memoryIndex()));
      case V128 -> 6;
      case LANE -> 30;
      case SHUFFLE -> 200;
      case CATCH_TABLE -> 40 + 50 * reader.catchCount();
      case TAG -> 40;
      case BLOCK_TYPE -> opcode == Opcode.LOOP ? 8 : 10;
      case LABEL -> 10;
      case LABEL_TABLE -> 24 + 4 * reader.tableLength() + 8;
      case FUNCTION, TYPE_TABLE, TYPE, TYPE_TYPE -> 24;
      case TYPE_COUNT -> 24 + 6 * (reader.index2() / 8 + 7);
      case CAST_BRANCH -> 36;
      case VALUE_TYPES -> 14;
      default -> 20;
    };
  }

  /// {@return the estimate for a whole function}
  static int estimate(CodeKind kind, ModulePlan plan, int functionIndex) {
    InstructionReader reader = Sites.instructions(plan.module(), functionIndex);
    int bytes = 0;
    while (!reader.atEnd()) {
      bytes += estimate(kind, plan.module(), reader.next(), reader);
    }
    return bytes;
  }

  /// A vector is two accesses, an index of 64 bits takes more room.
  private static int memoryAccess(Opcode opcode, MemoryType type) {
    boolean isWide =
        opcode.prefix() == Opcode.PREFIX_ATOMIC
            || type.limits().is64()
            || MemoryForm.isSegment(type);
    return (isWide ? 48 : 32) + (opcode.prefix() == Opcode.PREFIX_SIMD ? 40 : 0);
  }
}
