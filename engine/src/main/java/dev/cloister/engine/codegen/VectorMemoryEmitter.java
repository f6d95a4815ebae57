package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Opcodes;

/// Writes loads and stores of vectors, in the index forms of [MemoryEmitter].
final class VectorMemoryEmitter {
  /*
   * 16 bytes are two accesses of the long handle at one index, whose checks the JIT merges, as they
   * differ by a constant. A store writes the upper half first, at an index that is not negative: if
   * that is in bounds, the lower half is too, so a store that traps has changed nothing.
   */
  private final MethodState state;
  private final BytecodeWriter writer;
  private final MemoryEmitter memories;

  VectorMemoryEmitter(MethodState state, MemoryEmitter memories) {
    this.state = state;
    this.writer = state.writer;
    this.memories = memories;
  }

  /// Writes `opcode` if it loads or stores a vector or a lane of one.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    switch (opcode) {
      case V128_LOAD -> load(reader);
      case V128_STORE -> store(reader);
      case V128_LOAD8X8_S -> loadExtended(reader, Names.I16X8_OPS, "S");
      case V128_LOAD8X8_U -> loadExtended(reader, Names.I16X8_OPS, "U");
      case V128_LOAD16X4_S -> loadExtended(reader, Names.I32X4_OPS, "S");
      case V128_LOAD16X4_U -> loadExtended(reader, Names.I32X4_OPS, "U");
      case V128_LOAD32X2_S -> loadExtended(reader, Names.I64X2_OPS, "S");
      case V128_LOAD32X2_U -> loadExtended(reader, Names.I64X2_OPS, "U");
      case V128_LOAD8_SPLAT -> loadSplat(reader, 1, Names.I8X16_OPS);
      case V128_LOAD16_SPLAT -> loadSplat(reader, 2, Names.I16X8_OPS);
      case V128_LOAD32_SPLAT -> loadSplat(reader, 4, Names.I32X4_OPS);
      case V128_LOAD64_SPLAT -> loadSplat(reader, 8, "");
      case V128_LOAD32_ZERO -> loadZero(reader, 4);
      case V128_LOAD64_ZERO -> loadZero(reader, 8);
      case V128_LOAD8_LANE -> loadLane(reader, 1, Names.I8X16_OPS);
      case V128_LOAD16_LANE -> loadLane(reader, 2, Names.I16X8_OPS);
      case V128_LOAD32_LANE -> loadLane(reader, 4, Names.I32X4_OPS);
      case V128_LOAD64_LANE -> loadLane(reader, 8, "");
      case V128_STORE8_LANE -> storeLane(reader, 1);
      case V128_STORE16_LANE -> storeLane(reader, 2);
      case V128_STORE32_LANE -> storeLane(reader, 4);
      case V128_STORE64_LANE -> storeLane(reader, 8);
      default -> {
        return false;
      }
    }
    return true;
  }

  /// Writes the index of an access into a scratch variable.
  ///
  /// @param operands the operands of the instruction, the address being the lowest
  /// @return whether the access is possible at all; if not, a trap is written
  private boolean begin(InstructionReader reader, int operands, int width) {
    state.deferTop(operands);
    if (MemoryEmitter.trapsAlways(reader, width)) {
      memories.trap();
      return false;
    }
    memories.writeIndex(reader, -operands, width);
    writer.store(JvmKind.INT, state.scratchOther);
    return true;
  }

  private void load(InstructionReader reader) {
    if (begin(reader, 1, 16)) {
      get(reader, 8, 0);
      get(reader, 8, 8);
      finish(1);
    }
  }

  private void store(InstructionReader reader) {
    state.deferTop(2);
    if (MemoryEmitter.trapsAlways(reader, 16)) {
      memories.trap();
    } else {
      state.writeDeferred(1);
      memories.writeCheckedIndex(reader, 16);
      writer.store(JvmKind.INT, state.scratchOther);
      set(reader, 8, 8, () -> state.writeDeferredHalf(0, /* isHigh= */ true));
      set(reader, 8, 0, () -> state.writeDeferredHalf(0, /* isHigh= */ false));
      state.pop(2);
    }
  }

  private void loadExtended(InstructionReader reader, String owner, String signedness) {
    if (begin(reader, 1, 8)) {
      get(reader, 8, 0);
      writer.store(JvmKind.LONG, state.scratchValue);
      writer.load(JvmKind.LONG, state.scratchValue);
      writer.invokestatic(owner, "extendLow" + signedness, "(J)J");
      writer.load(JvmKind.LONG, state.scratchValue);
      writer.invokestatic(owner, "extendHigh" + signedness, "(J)J");
      finish(1);
    }
  }

  /// @param owner the class with the splat of an int, for lanes of less than 64 bits
  private void loadSplat(InstructionReader reader, int width, String owner) {
    if (begin(reader, 1, width)) {
      get(reader, width, 0);
      if (width < 8) {
        writer.invokestatic(owner, "splat", "(I)J");
      }
      writer.insn(Opcodes.DUP2);
      finish(1);
    }
  }

  private void loadZero(InstructionReader reader, int width) {
    if (begin(reader, 1, width)) {
      get(reader, width, 0);
      if (width < 8) {
        writer.invokestatic("java/lang/Integer", "toUnsignedLong", "(I)J");
      }
      writer.lconst(0);
      finish(1);
    }
  }

  /// @param owner the class that replaces a lane by an int, for lanes of less than 64 bits
  private void loadLane(InstructionReader reader, int width, String owner) {
    if (begin(reader, 2, width)) {
      boolean isHigh = reader.lane() * width >= 8;
      if (isHigh) {
        state.writeDeferredHalf(0, /* isHigh= */ false);
      }
      if (width < 8) {
        state.writeDeferredHalf(0, isHigh);
        get(reader, width, 0);
        writer.iconst(reader.lane() * width % 8 * 8);
        writer.invokestatic(owner, "replaceLane", "(JII)J");
      } else {
        get(reader, width, 0);
      }
      if (!isHigh) {
        state.writeDeferredHalf(0, /* isHigh= */ true);
      }
      finish(2);
    }
  }

  private void storeLane(InstructionReader reader, int width) {
    if (begin(reader, 2, width)) {
      set(reader, width, 0, () -> writeLane(reader.lane() * width, width));
      state.pop(2);
    }
  }

  /// Writes the lane of the top operand that begins at a byte, as what is stored.
  private void writeLane(int firstByte, int width) {
    state.writeDeferredHalf(0, firstByte >= 8);
    int shift = firstByte % 8 * 8;
    if (shift > 0) {
      writer.iconst(shift);
      writer.insn(Opcodes.LUSHR);
    }
    if (width < 8) {
      writer.insn(Opcodes.L2I);
    }
    if (width == 2) {
      writer.insn(Opcodes.I2S);
    }
  }

  /// Pushes an int or a long that is read `distance` bytes behind the index.
  private void get(InstructionReader reader, int width, int distance) {
    beginAccess(reader, width, distance);
    switch (width) {
      case 1 -> writer.insn(Opcodes.BALOAD);
      case 2 -> writer.invokevirtual(Names.VAR_HANDLE, "get", "([BI)S");
      case 4 -> writer.invokevirtual(Names.VAR_HANDLE, "get", "([BI)I");
      default -> writer.invokevirtual(Names.VAR_HANDLE, "get", "([BI)J");
    }
  }

  private void set(InstructionReader reader, int width, int distance, Runnable value) {
    beginAccess(reader, width, distance);
    value.run();
    switch (width) {
      case 1 -> writer.insn(Opcodes.BASTORE);
      case 2 -> writer.invokevirtual(Names.VAR_HANDLE, "set", "([BIS)V");
      case 4 -> writer.invokevirtual(Names.VAR_HANDLE, "set", "([BII)V");
      default -> writer.invokevirtual(Names.VAR_HANDLE, "set", "([BIJ)V");
    }
  }

  private void beginAccess(InstructionReader reader, int width, int distance) {
    switch (width) {
      case 1 -> {}
      case 2 -> writer.getstatic(Names.MEMORY_ACCESS, "I16", Names.VAR_HANDLE_DESC);
      case 4 -> writer.getstatic(Names.MEMORY_ACCESS, "I32", Names.VAR_HANDLE_DESC);
      default -> writer.getstatic(Names.MEMORY_ACCESS, "I64", Names.VAR_HANDLE_DESC);
    }
    state.writeBytes(reader.memoryIndex());
    writer.load(JvmKind.INT, state.scratchOther);
    if (distance > 0) {
      writer.iconst(distance);
      writer.insn(Opcodes.IADD);
    }
  }

  private void finish(int operands) {
    state.pop(operands);
    state.pushVector();
  }
}
