package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.MemoryForm;
import dev.cloister.engine.types.MemoryType;
import org.objectweb.asm.Opcodes;

/// Writes loads, stores and the other instructions on linear memory.
final class MemoryEmitter {
  /*
   * An access is written out in full: index arithmetic, bounds check and the array or handle
   * access. In large functions it is a call of [dev.cloister.engine.runtime.MemoryOps].
   *
   * The index must stay affine in the address, or C2 cannot move the bounds checks out of loops;
   * so the offset is added after a check that makes the addition safe. An address with the top
   * bit set is a negative index and fails each check, which is right, as no array is that long.
   *
   *   exact form, offset 0:  bytes[a]
   *   exact form:            bytes[checkIndex(a, MAX_VALUE) + offset]
   *   limit form:            bytes[checkIndex(a, limit - offset - width + 1) + offset]
   *   the same, memory 0:    bytes[checkIndex(a, bound - (offset & mask) - width + 1) + offset]
   *   segment form:          segment[checkIndex(a, limit - offset - width + 1) + offset]
   *
   * In the exact form the sum may overflow and is then negative. In the limit form the array is
   * at least as long as the limit, so the array's own check never fails. Where memory 0 is kept in
   * local variables its bound is the limit and the mask all ones; but as long as no array has
   * spare capacity, the bound is the array's length and the mask 0, both known to C2: then the
   * array's own check decides, as in the exact form.
   *
   * 64-bit addresses of an array are checked as longs, also in the exact form with offset 0, and
   * are narrowed when they are known to fit. Indices of segments are longs, whatever the addresses
   * are: the sum of an unsigned 32-bit address and an offset cannot overflow. The check of 64-bit
   * addresses comes before the addition, so that one cannot overflow either.
   *
   * Constant addresses within the smallest size of the memory, as those of a program's static data,
   * become indices without a check of ours.
   */
  private final MethodState state;
  private final BytecodeWriter writer;

  MemoryEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
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
      case I32_LOAD8_S -> load(reader, JvmKind.INT, "I8", 1, "B");
      case I32_LOAD8_U -> load(reader, JvmKind.INT, "I8", 1, "B", 0xff);
      case I32_LOAD16_S -> load(reader, JvmKind.INT, "I16", 2, "S");
      case I32_LOAD16_U -> load(reader, JvmKind.INT, "U16", 2, "C");
      case I64_LOAD8_S -> load(reader, JvmKind.LONG, "I8", 1, "B", Opcodes.I2L);
      case I64_LOAD8_U -> load(reader, JvmKind.LONG, "I8", 1, "B", 0xff, Opcodes.I2L);
      case I64_LOAD16_S -> load(reader, JvmKind.LONG, "I16", 2, "S", Opcodes.I2L);
      case I64_LOAD16_U -> load(reader, JvmKind.LONG, "U16", 2, "C", Opcodes.I2L);
      case I64_LOAD32_S -> load(reader, JvmKind.LONG, "I32", 4, "I", Opcodes.I2L);
      case I64_LOAD32_U ->
          load(reader, JvmKind.LONG, "I32", 4, "I", Opcodes.I2L, Integer.MIN_VALUE);
      case I32_STORE -> store(reader, "I32", 4, "I");
      case I64_STORE -> store(reader, "I64", 8, "J");
      case F32_STORE -> store(reader, "F32", 4, "F");
      case F64_STORE -> store(reader, "F64", 8, "D");
      case I32_STORE8 -> store(reader, "I8", 1, "B");
      case I32_STORE16 -> store(reader, "I16", 2, "S", Opcodes.I2S);
      case I64_STORE8 -> store(reader, "I8", 1, "B", Opcodes.L2I);
      case I64_STORE16 -> store(reader, "I16", 2, "S", Opcodes.L2I, Opcodes.I2S);
      case I64_STORE32 -> store(reader, "I32", 4, "I", Opcodes.L2I);
      case MEMORY_SIZE -> size(reader.index());
      case MEMORY_GROW -> grow(reader.index());
      case MEMORY_FILL -> {
        char address = state.instance.memoryAddress(reader.index()).code();
        state.flush();
        state.instance.writeCachedMemory(reader.index());
        bulk("memoryFill", "" + address + 'I' + address + Names.MEMORY_DESC);
      }
      case MEMORY_COPY -> {
        state.flush();
        state.instance.writeCachedMemory(reader.index());
        state.instance.writeCachedMemory(reader.index2());
        String operands =
            copyOperands(
                state.instance.memoryAddress(reader.index()),
                state.instance.memoryAddress(reader.index2()));
        bulk("memoryCopy", operands + Names.MEMORY_DESC + Names.MEMORY_DESC);
      }
      case MEMORY_INIT -> {
        char address = state.instance.memoryAddress(reader.index2()).code();
        state.flush();
        state.instance.writeCachedMemory(reader.index2());
        state.instance.writeInstance();
        writer.iconst(reader.index());
        writer.invokestatic(
            Names.BULK_OPS,
            "memoryInit",
            "(" + address + "II" + Names.MEMORY_DESC + Names.BASE_INSTANCE_DESC + "I)V");
        state.pop(3);
      }
      case DATA_DROP -> {
        state.flush();
        state.instance.writeInstance();
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

  private void bulk(String name, String operands) {
    state.instance.writeInstance();
    writer.invokestatic(Names.BULK_OPS, name, "(" + operands + Names.BASE_INSTANCE_DESC + ")V");
    state.pop(3);
  }

  /// {@return the kinds of the operands of a copy: the length is as wide as the narrower address}
  static String copyOperands(JvmKind target, JvmKind source) {
    char length = target == source ? target.code() : JvmKind.INT.code();
    return "" + target.code() + source.code() + length;
  }

  private void size(int memory) {
    JvmKind address = state.instance.memoryAddress(memory);
    state.flush();
    state.instance.writeCachedMemory(memory);
    writer.invokevirtual(
        Names.MEMORY, address == JvmKind.LONG ? "pages64" : "pages", "()" + address.code());
    state.pushOnStack(address);
  }

  private void grow(int memory) {
    JvmKind address = state.instance.memoryAddress(memory);
    state.flush();
    state.pop();
    writer.store(address, state.scratchAddress);
    state.instance.writeCachedMemory(memory);
    writer.load(address, state.scratchAddress);
    writer.invokevirtual(Names.MEMORY, "grow", "(" + address.code() + ")" + address.code());
    state.pushOnStack(address);
    state.instance.expireMemory();
  }

  /// @param then what turns the loaded value into the result: JVM instructions, or a mask
  private void load(
      InstructionReader reader, JvmKind kind, String handle, int width, String type, int... then) {
    MemoryForm form = state.instance.form(reader.memoryIndex());
    int addressSlot = beginAccess(reader, 0);
    if (trapsAlways(reader, form, width)) {
      trap();
      return;
    }
    if (isCalled(reader, form, width)) {
      writeCallOperands(reader, form, addressSlot);
      writer.invokestatic(
          Names.MEMORY_OPS, "load" + handle, "(" + called(form) + "II)" + wide(type));
      finishLoad(kind, then);
      return;
    }
    boolean hasHandle = writeHandle(form, handle, width);
    state.instance.writeContent(reader.memoryIndex());
    writeIndex(reader, form, addressSlot, width);
    if (hasHandle) {
      writer.invokevirtual(Names.VAR_HANDLE, "get", "(" + coordinates(form) + ")" + type);
    } else {
      writer.insn(Opcodes.BALOAD);
    }
    finishLoad(kind, then);
  }

  /// Writes a load of a vector object from an array.
  void loadVector(InstructionReader reader) {
    MemoryForm form = state.instance.form(reader.memoryIndex());
    int addressSlot = beginAccess(reader, 0);
    if (trapsAlways(reader, form, 16)) {
      trap();
      return;
    }
    state.vectors.species(LaneType.BYTE);
    state.instance.writeContent(reader.memoryIndex());
    writeIndex(reader, form, addressSlot, 16);
    state.vectors.load();
    state.pop();
    state.pushOnStack(JvmKind.PACKED);
  }

  /// Writes a store of a vector object to an array.
  void storeVector(InstructionReader reader) {
    keepValue();
    MemoryForm form = state.instance.form(reader.memoryIndex());
    int addressSlot = beginAccess(reader, 1);
    if (trapsAlways(reader, form, 16)) {
      trap();
      return;
    }
    state.writeVector(0, LaneType.BYTE);
    state.vectors.view(LaneType.BYTE);
    state.instance.writeContent(reader.memoryIndex());
    writeIndex(reader, form, addressSlot, 16);
    state.vectors.store();
    state.pop(2);
  }

  /// Writes a load of an integer that is a lane.
  void loadLane(InstructionReader reader, LaneType lanes) {
    switch (lanes) {
      case BYTE -> load(reader, JvmKind.INT, "I8", 1, "B");
      case SHORT -> load(reader, JvmKind.INT, "I16", 2, "S");
      case LONG -> load(reader, JvmKind.LONG, "I64", 8, "J");
      default -> load(reader, JvmKind.INT, "I32", 4, "I");
    }
  }

  /// Writes a store of an integer that is a lane.
  void storeLane(InstructionReader reader, LaneType lanes) {
    switch (lanes) {
      case BYTE -> store(reader, "I8", 1, "B");
      case SHORT -> store(reader, "I16", 2, "S", Opcodes.I2S);
      case LONG -> store(reader, "I64", 8, "J");
      default -> store(reader, "I32", 4, "I");
    }
  }

  /// Writes the handle of an access; bytes of an array need none.
  ///
  /// @return whether there is one
  boolean writeHandle(MemoryForm form, String handle, int width) {
    if (form == MemoryForm.SEGMENT) {
      writer.getstatic(Names.SEGMENT_ACCESS, handle, Names.VAR_HANDLE_DESC);
      return true;
    }
    if (width > 1) {
      writer.getstatic(Names.MEMORY_ACCESS, handle, Names.VAR_HANDLE_DESC);
      return true;
    }
    return false;
  }

  /// {@return what the handles of a form take before the value}
  static String coordinates(MemoryForm form) {
    return form == MemoryForm.SEGMENT ? Names.SEGMENT_DESC + "J" : "[BI";
  }

  private void finishLoad(JvmKind kind, int[] then) {
    for (int step : then) {
      switch (step) {
        case 0xff -> {
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
    keepValue();
    MemoryForm form = state.instance.form(reader.memoryIndex());
    int addressSlot = beginAccess(reader, 1);
    if (trapsAlways(reader, form, width)) {
      trap();
      return;
    }
    boolean isCalled = isCalled(reader, form, width);
    boolean hasHandle = !isCalled && writeHandle(form, handle, width);
    if (isCalled) {
      writeCallOperands(reader, form, addressSlot);
    } else {
      state.instance.writeContent(reader.memoryIndex());
      writeIndex(reader, form, addressSlot, width);
    }
    state.writeDeferred(0);
    for (int instruction : conversion) {
      writer.insn(instruction);
    }
    if (isCalled) {
      writer.invokestatic(
          Names.MEMORY_OPS, "store" + handle, "(" + called(form) + "II" + wide(type) + ")V");
    } else if (hasHandle) {
      writer.invokevirtual(Names.VAR_HANDLE, "set", "(" + coordinates(form) + type + ")V");
    } else {
      writer.insn(Opcodes.BASTORE);
    }
    state.pop(2);
  }

  /// {@return whether an access is a call} Bytes of an array in the exact form are not: the array's
  /// instruction takes C1 no more than the call.
  private boolean isCalled(InstructionReader reader, MemoryForm form, int width) {
    return state.instance.callsAccesses(reader.memoryIndex())
        && (form == MemoryForm.LIMIT || width > 1);
  }

  private static String called(MemoryForm form) {
    return form == MemoryForm.LIMIT ? "L" + Names.HEAP_MEMORY + ";" : "[B";
  }

  private static String wide(String type) {
    return switch (type) {
      case "B", "S", "C" -> "I";
      default -> type;
    };
  }

  /// Writes what a called access takes before the value: memory or array, address and offset.
  private void writeCallOperands(InstructionReader reader, MemoryForm form, int addressSlot) {
    if (form == MemoryForm.LIMIT) {
      state.instance.writeCachedMemory(reader.memoryIndex());
    } else {
      state.instance.writeContent(reader.memoryIndex());
    }
    writeAddress(JvmKind.INT, addressSlot);
    writer.iconst((int) reader.memoryOffset());
  }

  /// Gets the value to be stored off the JVM stack.
  private void keepValue() {
    if (!state.isDeferred(0)) {
      JvmKind kind = state.peek(0);
      LaneType lanes = state.vectorOperands.lanes(1);
      state.flush();
      writer.store(kind, state.scratchValue);
      state.pop();
      state.operands.pushLocal(kind, state.scratchValue);
      state.operands.setLanes(state.operands.size() - 1, lanes);
    }
  }

  /// Gets the address out of the way of what has to lie below it.
  ///
  /// @param depth where the address is, counted from the top; everything above is deferred
  /// @return the slot that the address is in, or negative if it is deferred
  private int beginAccess(InstructionReader reader, int depth) {
    if (state.isDeferred(depth)) {
      state.flushBelow(depth + 1);
      return -1 - depth;
    }
    state.flushBelow(depth);
    writer.store(state.instance.memoryAddress(reader.memoryIndex()), state.scratchAddress);
    return state.scratchAddress;
  }

  private void writeAddress(JvmKind address, int addressSlot) {
    if (addressSlot < 0) {
      state.writeDeferred(-1 - addressSlot);
    } else {
      writer.load(address, addressSlot);
    }
  }

  /// {@return whether the offset alone is beyond the largest memory}
  static boolean trapsAlways(InstructionReader reader, MemoryForm form, int width) {
    long most = form == MemoryForm.SEGMENT ? Memory.MAX_BYTES : Integer.MAX_VALUE;
    return reader.memoryOffset() < 0 || reader.memoryOffset() > most - (width - 1);
  }

  void trap() {
    writer.invokestatic(Names.TRAPS, "memoryOutOfBounds", "()" + Names.TRAP_DESC);
    writer.insn(Opcodes.ATHROW);
    state.isReachable = false;
  }

  /// Writes the index of an access: an int for arrays, a long for segments.
  ///
  /// @param addressSlot the slot of the address, or `-1 - depth` if it is a deferred operand
  void writeIndex(InstructionReader reader, MemoryForm form, int addressSlot, int width) {
    JvmKind address = state.instance.memoryAddress(reader.memoryIndex());
    if (addressSlot < 0 && state.isConstant(-1 - addressSlot)) {
      long index = constantIndex(reader, address, state.constant(-1 - addressSlot), width);
      if (index >= 0) {
        writeConstantIndex(form, index);
        return;
      }
    }
    writeAddress(address, addressSlot);
    if (form == MemoryForm.SEGMENT) {
      writeSegmentIndex(reader, address, width);
    } else if (address == JvmKind.LONG) {
      writeNarrowedIndex(reader, form, width);
    } else if (isKnownInBounds(reader, form, addressSlot, width)) {
      addOffset((int) reader.memoryOffset());
    } else {
      writeArrayIndex(reader, form, width);
    }
  }

  /// {@return the index of an access with a constant address that is within the smallest size of
  /// the memory, so that it is in bounds at any time, or -1}
  private long constantIndex(InstructionReader reader, JvmKind kind, long constant, int width) {
    MemoryType type = state.module.memoryType(reader.memoryIndex());
    long address = kind == JvmKind.LONG ? constant : Integer.toUnsignedLong((int) constant);
    // What no array can hold is not looked at: so neither shift nor sum overflows.
    long pages = Math.min(type.limits().min(), Integer.MAX_VALUE);
    long size = Math.min(pages << type.pageSizeLog2(), Integer.MAX_VALUE);
    boolean isWithin =
        type.limits().min() >= 0
            && address >= 0
            && address <= size
            && reader.memoryOffset() >= 0
            && reader.memoryOffset() <= size - width - address;
    return isWithin ? address + reader.memoryOffset() : -1;
  }

  private void writeConstantIndex(MemoryForm form, long index) {
    if (form == MemoryForm.SEGMENT) {
      writer.lconst(index);
    } else {
      writer.iconst((int) index);
    }
  }

  /// {@return whether an access of an array needs no check besides the array's own} From here on it
  /// is itself known to be in bounds.
  ///
  /// In the exact form the array's own check is enough for any address that is not negative.
  private boolean isKnownInBounds(
      InstructionReader reader, MemoryForm form, int addressSlot, int width) {
    LocalFacts facts = state.facts;
    if (facts == null || addressSlot >= 0 || reader.memoryIndex() != 0) {
      return false;
    }
    int local = state.localOf(-1 - addressSlot);
    if (local < 0) {
      return false;
    }
    int reach = facts.reach(local);
    int last = (int) reader.memoryOffset() + width - 1;
    facts.access(local, last);
    return form == MemoryForm.EXACT ? reach >= 0 : reach >= last;
  }

  private void writeArrayIndex(InstructionReader reader, MemoryForm form, int width) {
    int offset = (int) reader.memoryOffset();
    if (form == MemoryForm.EXACT) {
      if (offset == 0) {
        return;
      }
      writer.iconst(Integer.MAX_VALUE);
    } else if (reader.memoryIndex() == 0 && state.instance.keepsBound()) {
      state.instance.writeBound(offset, width);
    } else {
      writeLimit(reader, width);
    }
    writer.invokestatic(Names.OBJECTS, "checkIndex", "(II)I");
    addOffset(offset);
  }

  private void writeNarrowedIndex(InstructionReader reader, MemoryForm form, int width) {
    if (form == MemoryForm.EXACT) {
      writer.lconst(Integer.MAX_VALUE);
    } else {
      writeLimit(reader, width);
      writer.insn(Opcodes.I2L);
    }
    writer.invokestatic(Names.OBJECTS, "checkIndex", "(JJ)J");
    writer.insn(Opcodes.L2I);
    addOffset((int) reader.memoryOffset());
  }

  /// Writes the number of addresses of a memory in an array at which the access is in bounds; it is
  /// negative or 0 if there are none.
  private void writeLimit(InstructionReader reader, int width) {
    int offset = (int) reader.memoryOffset();
    state.instance.writeCachedMemory(reader.memoryIndex());
    writer.getfield(Names.HEAP_MEMORY, "limit", "I");
    if (offset > 1 - width) {
      writer.iconst(offset + width - 1);
      writer.insn(Opcodes.ISUB);
    }
  }

  private void addOffset(int offset) {
    if (offset != 0) {
      writer.iconst(offset);
      writer.insn(Opcodes.IADD);
    }
  }

  private void writeSegmentIndex(InstructionReader reader, JvmKind address, int width) {
    long offset = reader.memoryOffset();
    if (address == JvmKind.INT) {
      writer.insn(Opcodes.I2L);
      writer.lconst(0xffff_ffffL);
      writer.insn(Opcodes.LAND);
    }
    state.instance.writeCachedMemory(reader.memoryIndex());
    writer.getfield(Names.SEGMENT_MEMORY, "limit", "J");
    if (offset > 1 - width) {
      writer.lconst(offset + width - 1);
      writer.insn(Opcodes.LSUB);
    }
    writer.invokestatic(Names.OBJECTS, "checkIndex", "(JJ)J");
    if (offset != 0) {
      writer.lconst(offset);
      writer.insn(Opcodes.LADD);
    }
  }
}
