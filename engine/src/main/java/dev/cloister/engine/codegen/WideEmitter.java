package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Opcodes;

/// Writes arithmetic with results of 128 bits, which are two i64: the low half, then the high one.
///
/// [Wide arithmetic](https://github.com/WebAssembly/wide-arithmetic), phase 3 of the specification.
final class WideEmitter {
  private final MethodState state;
  private final BytecodeWriter writer;

  WideEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it has a result of 128 bits.
  ///
  /// @return whether it has
  boolean emit(Opcode opcode) {
    switch (opcode) {
      case I64_ADD128 -> sum(Opcodes.LADD, "addHigh");
      case I64_SUB128 -> sum(Opcodes.LSUB, "subHigh");
      case I64_MUL_WIDE_S -> product("multiplyHigh");
      case I64_MUL_WIDE_U -> product("unsignedMultiplyHigh");
      default -> {
        return false;
      }
    }
    return true;
  }

  /// @param low what makes the low half of the result of those of the operands
  /// @param high what makes the high half of all four operands
  private void sum(int low, String high) {
    begin(4);
    state.writeDeferred(3);
    state.writeDeferred(1);
    writer.insn(low);
    for (int depth = 3; depth >= 0; depth--) {
      state.writeDeferred(depth);
    }
    writer.invokestatic(Names.INTEGER_OPS, high, "(JJJJ)J");
    finish(4);
  }

  private void product(String high) {
    begin(2);
    state.writeDeferred(1);
    state.writeDeferred(0);
    writer.insn(Opcodes.LMUL);
    state.writeDeferred(1);
    state.writeDeferred(0);
    writer.invokestatic("java/lang/Math", high, "(JJ)J");
    finish(2);
  }

  private void begin(int operands) {
    state.flushBelow(operands);
    state.deferTop(operands);
  }

  private void finish(int operands) {
    state.pop(operands);
    state.pushOnStack(JvmKind.LONG);
    state.pushOnStack(JvmKind.LONG);
  }
}
