package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.MemoryForm;
import org.objectweb.asm.Opcodes;

/// Writes the instructions of the threads proposal: atomic accesses, waiting, notifying, fences.
///
/// Each is a call of a helper for the form of the memory; what they cost beside their own work does
/// not count.
final class AtomicEmitter {
  /*
   * The codes of the accesses are regular: groups of seven, one for each operation, and in each
   * group i32, i64, i32 with 8 and 16 bits, i64 with 8, 16 and 32 bits.
   */
  private static final int FIRST_ACCESS = Opcode.I32_ATOMIC_LOAD.code();
  private static final int GROUP = 7;

  // Operations, by group.
  private static final int LOAD = 0;
  private static final int STORE = 1;
  private static final int FIRST_RMW = 2;
  private static final int CMPXCHG = 8;

  private final MethodState state;
  private final BytecodeWriter writer;

  AtomicEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it belongs to the threads proposal.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    if (opcode.prefix() != Opcode.PREFIX_ATOMIC) {
      return false;
    }
    switch (opcode) {
      case ATOMIC_FENCE -> writer.invokestatic(Names.VAR_HANDLE, "fullFence", "()V");
      case MEMORY_ATOMIC_NOTIFY -> {
        writeArguments(reader, "I", "I");
        call(reader, "notify", "I", "", "I");
        state.pushOnStack(JvmKind.INT);
      }
      case MEMORY_ATOMIC_WAIT32 -> waitFor(reader, "wait32", "IJ");
      case MEMORY_ATOMIC_WAIT64 -> waitFor(reader, "wait64", "JJ");
      default -> access(opcode, reader);
    }
    return true;
  }

  private void waitFor(InstructionReader reader, String name, String operands) {
    writeArguments(reader, operands, operands);
    state.instance.writeInstance();
    call(reader, name, operands, Names.BASE_INSTANCE_DESC, "I");
    state.pushOnStack(JvmKind.INT);
  }

  private void access(Opcode opcode, InstructionReader reader) {
    int operation = (opcode.code() - FIRST_ACCESS) / GROUP;
    int variant = (opcode.code() - FIRST_ACCESS) % GROUP;
    JvmKind kind = variant == 1 || variant >= 4 ? JvmKind.LONG : JvmKind.INT;
    int bits = 8 << opcode.accessWidthLog2();
    String accessed = bits == Long.SIZE ? "J" : "I";
    int count = operation == LOAD ? 0 : operation == CMPXCHG ? 2 : 1;
    String operands = accessed.repeat(count);
    writeArguments(reader, String.valueOf(kind.code()).repeat(count), operands);
    switch (operation) {
      case LOAD -> call(reader, "load" + bits, operands, "", accessed);
      case STORE -> call(reader, "store" + bits, operands, "", "V");
      case CMPXCHG -> call(reader, "cmpxchg" + bits, operands, "", accessed);
      default -> {
        writer.iconst(operation - FIRST_RMW);
        call(reader, "rmw" + bits, operands, "I", accessed);
      }
    }
    if (operation != STORE) {
      if (kind == JvmKind.LONG && bits < Long.SIZE) {
        writer.insn(Opcodes.I2L);
        if (bits == Integer.SIZE) {
          writer.lconst(0xffff_ffffL);
          writer.insn(Opcodes.LAND);
        }
      }
      state.pushOnStack(kind);
    }
  }

  /// Writes what all helpers begin with: the address as 64 bits, the operands, offset and memory.
  ///
  /// @param operands the kinds of the operands above the address
  /// @param params the kinds that the helper takes them as
  private void writeArguments(InstructionReader reader, String operands, String params) {
    state.flush();
    int[] slots = {state.scratchValue, state.scratchOther};
    for (int i = operands.length() - 1; i >= 0; i--) {
      if (operands.charAt(i) != params.charAt(i)) {
        writer.insn(Opcodes.L2I);
      }
      writer.store(JvmKind.of(params.charAt(i)), slots[i]);
    }
    int memory = reader.memoryIndex();
    if (state.instance.memoryAddress(memory) == JvmKind.INT) {
      writer.insn(Opcodes.I2L);
      writer.lconst(0xffff_ffffL);
      writer.insn(Opcodes.LAND);
    }
    for (int i = 0; i < params.length(); i++) {
      writer.load(JvmKind.of(params.charAt(i)), slots[i]);
    }
    writer.lconst(reader.memoryOffset());
    state.instance.writeCachedMemory(memory);
    state.pop(operands.length() + 1);
  }

  /// Writes the call of a helper.
  ///
  /// @param trailing the types of what it takes behind the memory
  private void call(
      InstructionReader reader, String name, String params, String trailing, String result) {
    MemoryForm form = state.instance.form(reader.memoryIndex());
    String owner = form == MemoryForm.SEGMENT ? Names.SEGMENT_ATOMICS : Names.HEAP_ATOMICS;
    String memory = "L" + Names.memory(form) + ";";
    writer.invokestatic(owner, name, "(J" + params + "J" + memory + trailing + ")" + result);
  }
}
