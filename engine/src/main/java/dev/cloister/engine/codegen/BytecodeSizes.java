package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;

/// Estimates of how much JVM bytecode an instruction becomes: rather too much than too little.
final class BytecodeSizes {
  /// No instruction becomes more than this many times its own size, by the estimates.
  static final int MAX_FACTOR = 20;

  private BytecodeSizes() {}

  /// {@return the bytes for the current instruction of `reader`}
  static int estimate(Opcode opcode, InstructionReader reader) {
    return switch (opcode.immediates()) {
      case NONE ->
          switch (opcode) {
            case NOP, END -> 1;
            case UNREACHABLE -> 4;
            case SELECT -> 14;
            case I64_ADD128, I64_SUB128 -> 40;
            case I64_MUL_WIDE_S, I64_MUL_WIDE_U -> 24;
            default -> opcode.prefix() == Opcode.PREFIX_SIMD ? 40 : 4;
          };
      case LOCAL -> opcode == Opcode.LOCAL_GET ? 3 : 5;
      case I32, F32 -> 3;
      case I64, F64 -> 4;
      case MEMORY_ACCESS -> opcode.prefix() == Opcode.PREFIX_SIMD ? 70 : 32;
      case MEMORY_ACCESS_LANE -> 70;
      case V128 -> 6;
      case LANE -> 30;
      case SHUFFLE -> 200;
      case BLOCK_TYPE -> opcode == Opcode.LOOP ? 8 : 10;
      case LABEL -> 10;
      case LABEL_TABLE -> 24 + 4 * reader.tableLength() + 8;
      case FUNCTION, TYPE_TABLE, TYPE -> 24;
      case VALUE_TYPES -> 14;
      default -> 20;
    };
  }

  /// {@return the estimate for a whole function}
  static int estimate(ModulePlan plan, int functionIndex) {
    InstructionReader reader = Sites.instructions(plan.module(), functionIndex);
    int bytes = 0;
    while (!reader.atEnd()) {
      bytes += estimate(reader.next(), reader);
    }
    return bytes;
  }
}
