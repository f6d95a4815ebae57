package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.MemoryForm;
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

  /// Writes the index of an access.
  ///
  /// @param operands the operands of the instruction, the address being the lowest
  /// @return whether the access is possible at all; if not, a trap is written
  private boolean begin(InstructionReader reader, int operands, int width) {
    state.deferTop(operands);
    MemoryForm form = state.instance.form(reader.memoryIndex());
    if (MemoryEmitter.trapsAlways(reader, form, width)) {
      memories.trap();
      return false;
    }
    memories.writeIndex(reader, form, -operands, width);
    return true;
  }

  private void storeIndex(InstructionReader reader) {
    writer.store(index(reader), state.scratchOther);
  }

  /// {@return the kind of indices: a long for segments}
  private JvmKind index(InstructionReader reader) {
    return state.instance.form(reader.memoryIndex()) == MemoryForm.SEGMENT
        ? JvmKind.LONG
        : JvmKind.INT;
  }

  private void load(InstructionReader reader) {
    if (begin(reader, 1, 16)) {
      storeIndex(reader);
      get(reader, 8, 0);
      get(reader, 8, 8);
      finish(1);
    }
  }

  private void store(InstructionReader reader) {
    if (begin(reader, 2, 16)) {
      if (state.instance.form(reader.memoryIndex()) == MemoryForm.EXACT
          && reader.memoryOffset() == 0) {
        // All other indices are not negative already.
        writer.iconst(Integer.MAX_VALUE);
        writer.invokestatic(Names.OBJECTS, "checkIndex", "(II)I");
      }
      storeIndex(reader);
      set(reader, 8, 8, () -> state.writeDeferredHalf(0, /* isHigh= */ true));
      set(reader, 8, 0, () -> state.writeDeferredHalf(0, /* isHigh= */ false));
      state.pop(2);
    }
  }

  private void loadExtended(InstructionReader reader, String owner, String signedness) {
    if (begin(reader, 1, 8)) {
      storeIndex(reader);
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
      storeIndex(reader);
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
      storeIndex(reader);
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
      storeIndex(reader);
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
      storeIndex(reader);
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
    if (width == 1) {
      writer.insn(Opcodes.I2B);
    } else if (width == 2) {
      writer.insn(Opcodes.I2S);
    }
  }

  /// Pushes an int or a long that is read `distance` bytes behind the index.
  private void get(InstructionReader reader, int width, int distance) {
    if (beginAccess(reader, width, distance)) {
      writer.invokevirtual(Names.VAR_HANDLE, "get", "(" + coordinates(reader) + ")" + type(width));
    } else {
      writer.insn(Opcodes.BALOAD);
    }
  }

  private void set(InstructionReader reader, int width, int distance, Runnable value) {
    boolean hasHandle = beginAccess(reader, width, distance);
    value.run();
    if (hasHandle) {
      writer.invokevirtual(Names.VAR_HANDLE, "set", "(" + coordinates(reader) + type(width) + ")V");
    } else {
      writer.insn(Opcodes.BASTORE);
    }
  }

  private String coordinates(InstructionReader reader) {
    return MemoryEmitter.coordinates(state.instance.form(reader.memoryIndex()));
  }

  /// {@return the type that the handle for a width reads and writes}
  private static String type(int width) {
    return switch (width) {
      case 1 -> "B";
      case 2 -> "S";
      case 4 -> "I";
      default -> "J";
    };
  }

  /// @return whether there is a handle
  private boolean beginAccess(InstructionReader reader, int width, int distance) {
    boolean hasHandle =
        memories.writeHandle(state.instance.form(reader.memoryIndex()), "I" + 8 * width, width);
    state.instance.writeContent(reader.memoryIndex());
    JvmKind index = index(reader);
    writer.load(index, state.scratchOther);
    if (distance > 0) {
      state.writeConstant(index, distance, 0);
      writer.insn(index == JvmKind.LONG ? Opcodes.LADD : Opcodes.IADD);
    }
    return hasHandle;
  }

  private void finish(int operands) {
    state.pop(operands);
    state.pushVector();
  }
}
