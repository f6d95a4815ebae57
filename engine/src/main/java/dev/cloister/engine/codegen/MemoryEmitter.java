package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Opcodes;

/// Writes loads, stores and the other instructions on linear memory.
final class MemoryEmitter {
  /*
   * An access is written out in full: index arithmetic, bounds check and the array or handle
   * access. Helper methods in between would not be inlined any more in large functions.
   *
   * The index must stay affine in the address, or C2 cannot move the bounds checks out of loops;
   * so the offset is added after a check that makes the addition safe. An address with the top
   * bit set is a negative index and fails each check, which is right, as no array is that long.
   *
   *   exact form, offset 0:  bytes[a]
   *   exact form:            bytes[checkIndex(a, MAX_VALUE) + offset]
   *   limit form:            bytes[checkIndex(a, limit - offset - width + 1) + offset]
   *
   * In the exact form the sum may overflow and is then negative. In the limit form the array is
   * at least as long as the limit, so the array's own check never fails.
   */
  private final MethodState state;
  private final BytecodeWriter writer;
  private final boolean exact;

  MemoryEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
    this.exact = state.plan.layout().hasExactMemory();
  }

  /// Writes `opcode` if it accesses memory.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    switch (opcode) {
      case I32_LOAD -> load(reader, JvmKind.INT, "I32", 4, "I");
      case I64_LOAD -> load(reader, JvmKind.LONG, "I64", 8, "J");
      case F32_LOAD -> load(reader, JvmKind.FLOAT, "F32", 4, "F");
      case F64_LOAD -> load(reader, JvmKind.DOUBLE, "F64", 8, "D");
      case I32_LOAD8_S -> loadByte(reader, JvmKind.INT);
      case I32_LOAD8_U -> loadByte(reader, JvmKind.INT, 0xff);
      case I32_LOAD16_S -> load(reader, JvmKind.INT, "I16", 2, "S");
      case I32_LOAD16_U -> load(reader, JvmKind.INT, "I16", 2, "S", 0xffff);
      case I64_LOAD8_S -> loadByte(reader, JvmKind.LONG, Opcodes.I2L);
      case I64_LOAD8_U -> loadByte(reader, JvmKind.LONG, 0xff, Opcodes.I2L);
      case I64_LOAD16_S -> load(reader, JvmKind.LONG, "I16", 2, "S", Opcodes.I2L);
      case I64_LOAD16_U -> load(reader, JvmKind.LONG, "I16", 2, "S", 0xffff, Opcodes.I2L);
      case I64_LOAD32_S -> load(reader, JvmKind.LONG, "I32", 4, "I", Opcodes.I2L);
      case I64_LOAD32_U ->
          load(reader, JvmKind.LONG, "I32", 4, "I", Opcodes.I2L, Integer.MIN_VALUE);
      case I32_STORE -> store(reader, "I32", 4, "I");
      case I64_STORE -> store(reader, "I64", 8, "J");
      case F32_STORE -> store(reader, "F32", 4, "F");
      case F64_STORE -> store(reader, "F64", 8, "D");
      case I32_STORE8 -> store(reader, "", 1, "B");
      case I32_STORE16 -> store(reader, "I16", 2, "S", Opcodes.I2S);
      case I64_STORE8 -> store(reader, "", 1, "B", Opcodes.L2I);
      case I64_STORE16 -> store(reader, "I16", 2, "S", Opcodes.L2I, Opcodes.I2S);
      case I64_STORE32 -> store(reader, "I32", 4, "I", Opcodes.L2I);
      case MEMORY_SIZE -> size(reader.index());
      case MEMORY_GROW -> grow(reader.index());
      case MEMORY_FILL -> {
        state.flush();
        state.writeCachedMemory(reader.index());
        bulk("memoryFill", "(III" + Names.MEMORY_DESC + Names.BASE_INSTANCE_DESC + ")V");
      }
      case MEMORY_COPY -> {
        state.flush();
        state.writeCachedMemory(reader.index());
        state.writeCachedMemory(reader.index2());
        bulk(
            "memoryCopy",
            "(III" + Names.MEMORY_DESC + Names.MEMORY_DESC + Names.BASE_INSTANCE_DESC + ")V");
      }
      case MEMORY_INIT -> {
        state.flush();
        state.writeCachedMemory(reader.index2());
        state.writeInstance();
        writer.iconst(reader.index());
        writer.invokestatic(
            Names.BULK_OPS,
            "memoryInit",
            "(III" + Names.MEMORY_DESC + Names.BASE_INSTANCE_DESC + "I)V");
        state.pop(3);
      }
      case DATA_DROP -> {
        state.flush();
        state.writeInstance();
        writer.iconst(reader.index());
        writer.invokestatic(
            Names.BASE_INSTANCE, "dropData", "(" + Names.BASE_INSTANCE_DESC + "I)V");
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void bulk(String name, String descriptor) {
    state.writeInstance();
    writer.invokestatic(Names.BULK_OPS, name, descriptor);
    state.pop(3);
  }

  private void size(int memory) {
    state.flush();
    state.writeCachedMemory(memory);
    writer.invokevirtual(Names.MEMORY, "pages", "()I");
    state.pushOnStack(JvmKind.INT);
  }

  private void grow(int memory) {
    state.flush();
    state.pop();
    writer.store(JvmKind.INT, state.scratchAddress);
    state.writeCachedMemory(memory);
    writer.load(JvmKind.INT, state.scratchAddress);
    writer.invokevirtual(Names.MEMORY, "grow", "(I)I");
    state.pushOnStack(JvmKind.INT);
    state.reloadMemory();
  }

  /// @param then what turns the loaded value into the result: JVM instructions, or a mask
  private void load(
      InstructionReader reader, JvmKind kind, String handle, int width, String type, int... then) {
    int addressSlot = beginAccess(0);
    if (trapsAlways(reader, width)) {
      trap();
      return;
    }
    writer.getstatic(Names.MEMORY_ACCESS, handle, Names.VAR_HANDLE_DESC);
    state.writeBytes(reader.memoryIndex());
    writeIndex(reader, addressSlot, width);
    writer.invokevirtual(Names.VAR_HANDLE, "get", "([BI)" + type);
    finishLoad(kind, then);
  }

  private void loadByte(InstructionReader reader, JvmKind kind, int... then) {
    int addressSlot = beginAccess(0);
    if (trapsAlways(reader, 1)) {
      trap();
      return;
    }
    state.writeBytes(reader.memoryIndex());
    writeIndex(reader, addressSlot, 1);
    writer.insn(Opcodes.BALOAD);
    finishLoad(kind, then);
  }

  private void finishLoad(JvmKind kind, int[] then) {
    for (int step : then) {
      switch (step) {
        case 0xff, 0xffff -> {
          writer.iconst(step);
          writer.insn(Opcodes.IAND);
        }
        case Integer.MIN_VALUE -> {
          writer.lconst(0xffff_ffffL);
          writer.insn(Opcodes.LAND);
        }
        default -> writer.insn(step);
      }
    }
    state.pop();
    state.pushOnStack(kind);
  }

  private void store(
      InstructionReader reader, String handle, int width, String type, int... conversion) {
    JvmKind kind = state.peek(0);
    int valueSlot = -1;
    if (!state.isDeferred(0)) {
      state.flush();
      valueSlot = state.scratchValue;
      writer.store(kind, valueSlot);
      state.pop();
      state.operands.pushLocal(kind, valueSlot);
    }
    int addressSlot = beginAccess(1);
    if (trapsAlways(reader, width)) {
      trap();
      return;
    }
    boolean isByte = width == 1;
    if (!isByte) {
      writer.getstatic(Names.MEMORY_ACCESS, handle, Names.VAR_HANDLE_DESC);
    }
    state.writeBytes(reader.memoryIndex());
    writeIndex(reader, addressSlot, width);
    state.writeDeferred(0);
    for (int instruction : conversion) {
      writer.insn(instruction);
    }
    if (isByte) {
      writer.insn(Opcodes.BASTORE);
    } else {
      writer.invokevirtual(Names.VAR_HANDLE, "set", "([BI" + type + ")V");
    }
    state.pop(2);
  }

  /// Gets the address out of the way of what has to lie below it.
  ///
  /// @param depth where the address is, counted from the top; everything above is deferred
  /// @return the slot that the address is in, or -1 if it is deferred
  private int beginAccess(int depth) {
    if (state.isDeferred(depth)) {
      state.flushBelow(depth + 1);
      return -1 - depth;
    }
    state.flushBelow(depth);
    writer.store(JvmKind.INT, state.scratchAddress);
    return state.scratchAddress;
  }

  private void writeAddress(int addressSlot) {
    if (addressSlot < 0) {
      state.writeDeferred(-1 - addressSlot);
    } else {
      writer.load(JvmKind.INT, addressSlot);
    }
  }

  /// {@return whether the offset alone is beyond the largest memory}
  static boolean trapsAlways(InstructionReader reader, int width) {
    return reader.memoryOffset() < 0 || reader.memoryOffset() + width - 1 > Integer.MAX_VALUE;
  }

  void trap() {
    writer.invokestatic(Names.TRAPS, "memoryOutOfBounds", "()" + Names.TRAP_DESC);
    writer.insn(Opcodes.ATHROW);
    state.isReachable = false;
  }

  /// Writes the array index of an access.
  ///
  /// @param addressSlot the slot of the address, or `-1 - depth` if it is a deferred operand
  void writeIndex(InstructionReader reader, int addressSlot, int width) {
    writeAddress(addressSlot);
    if (!exact || reader.memoryOffset() != 0) {
      writeCheckedIndex(reader, width);
    }
  }

  /// Turns the address on top of the JVM stack into an index that is not negative; in the limit
  /// form the whole access is checked, in the exact form the array does that.
  void writeCheckedIndex(InstructionReader reader, int width) {
    int offset = (int) reader.memoryOffset();
    if (exact) {
      writer.iconst(Integer.MAX_VALUE);
    } else {
      state.writeCachedMemory(reader.memoryIndex());
      writer.getfield(Names.MEMORY, "limit", "I");
      if (offset + width > 1) {
        writer.iconst(offset + width - 1);
        writer.insn(Opcodes.ISUB);
      }
    }
    writer.invokestatic(Names.OBJECTS, "checkIndex", "(II)I");
    if (offset != 0) {
      writer.iconst(offset);
      writer.insn(Opcodes.IADD);
    }
  }
}
