package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import java.util.BitSet;
import org.objectweb.asm.Opcodes;

/// Writes opaque copies of locals where the cases of a big switch begin.
final class CaseLabelEmitter {
  /*
   * The cases of an interpreter's switch compute similar things: operand fields of the current
   * instruction, addresses in the frame. C2 merges expressions that are equal in two cases and
   * places them above the jump table, where all of them are computed and spilled at every dispatch.
   * So each case works on its own copies, `x ^ zero` with a field that is always 0, which C2 cannot
   * know; then no two cases have equal expressions. Only locals that the case reads before it
   * writes them are copied, and only the integers, since addresses are made of them.
   *
   * The copies are read until the block that the case is in ends; assignments go to both.
   */
  private final MethodState state;
  private final BytecodeWriter writer;

  CaseLabelEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes the copies for the code from one module offset to the end of the current frame, at the
  /// latest to another offset.
  void emit(int from, int to) {
    BitSet locals = readBeforeWritten(from, to);
    if (locals.isEmpty()) {
      return;
    }
    // Nothing may be taken from before: the fence makes C2 read the zero anew.
    writer.invokestatic(Names.VAR_HANDLE, "acquireFence", "()V");
    state.instance.writeInstance();
    writer.getfield(Names.BASE_INSTANCE, "zero", "I");
    writer.store(JvmKind.INT, state.scratchAddress);
    for (int local = locals.nextSetBit(0); local >= 0; local = locals.nextSetBit(local + 1)) {
      JvmKind kind = state.localKind(local);
      writer.load(kind, state.localSlot(local));
      writer.load(JvmKind.INT, state.scratchAddress);
      if (kind == JvmKind.LONG) {
        writer.insn(Opcodes.I2L);
        writer.insn(Opcodes.LXOR);
      } else {
        writer.insn(Opcodes.IXOR);
      }
      writer.store(kind, state.alias(local));
    }
  }

  private BitSet readBeforeWritten(int from, int to) {
    BitSet read = new BitSet();
    BitSet written = new BitSet();
    InstructionReader reader = state.module.instructions(from, to);
    for (int depth = 0; depth >= 0 && !reader.atEnd(); ) {
      Opcode opcode = reader.next();
      switch (opcode) {
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> depth++;
        case END, DELEGATE -> depth--;
        case ELSE, CATCH, CATCH_ALL -> {
          if (depth == 0) {
            depth = -1;
          }
        }
        case LOCAL_GET -> {
          JvmKind kind = state.localKind(reader.index());
          if (!written.get(reader.index())
              && !state.isFramed(reader.index())
              && state.hasLocal(reader.index())
              && (kind == JvmKind.INT || kind == JvmKind.LONG)) {
            read.set(reader.index());
          }
        }
        case LOCAL_SET, LOCAL_TEE -> written.set(reader.index());
        default -> {}
      }
    }
    return read;
  }
}
