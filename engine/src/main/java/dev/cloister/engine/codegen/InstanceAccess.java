package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.MemoryForm;
import java.util.List;
import org.objectweb.asm.Opcodes;

/// Writes how a method reaches the parts of its instance: memories, tables and the ids of types.
///
/// Where code accesses memory 0 again and again, the memory and its bytes are kept in two local
/// variables; in the limit form two more say what an address is checked against. In the exact form
/// the bytes are read anew from the memory after each call, whether that can replace them or not:
/// so neither they nor their length take a register across the call. In the limit form, where that
/// takes so much code that fewer functions would be inlined, they are read anew only after what may
/// replace them. Reading waits until something may use the bytes, which nothing does between the
/// last call and the end of a function.
///
/// Where accesses are calls, less is kept: the bytes in the exact form, the memory, which never
/// changes, in the limit form.
final class InstanceAccess {
  private static final int NOT_KEPT = -1;

  private final BytecodeWriter writer;
  private final ModulePlan plan;
  private final WasmModule module;
  private final int instanceSlot;

  /// The variable that keeps memory 0, or [#NOT_KEPT].
  private final int memorySlot;

  /// Whether accesses of memory 0 are calls of [dev.cloister.engine.runtime.MemoryOps].
  private final boolean callsAccesses;

  /// The variable that keeps its bytes, or [#NOT_KEPT]; what else is kept comes behind it.
  private final int bytesSlot;

  private final boolean reloadsMemory;

  /// Whether what is kept has to be read anew before it is used.
  private boolean isStale;

  /// @param functionIndex the function that the method belongs to
  /// @param firstSlot the first of the variables to keep memory 0 in, or -1
  /// @param isLarge whether the function is so large that its accesses are calls
  InstanceAccess(
      BytecodeWriter writer,
      ModulePlan plan,
      int functionIndex,
      int instanceSlot,
      int firstSlot,
      boolean isLarge) {
    this.writer = writer;
    this.plan = plan;
    this.module = plan.module();
    this.instanceSlot = instanceSlot;
    if (firstSlot < 0) {
      this.memorySlot = NOT_KEPT;
      this.bytesSlot = NOT_KEPT;
      this.callsAccesses = false;
      this.reloadsMemory = false;
    } else {
      MemoryForm form = form(0);
      this.callsAccesses = isLarge && form != MemoryForm.SEGMENT && memoryAddress(0) == JvmKind.INT;
      boolean keepsMemory = !(callsAccesses && form == MemoryForm.EXACT);
      boolean keepsBytes = !(callsAccesses && form == MemoryForm.LIMIT);
      int behindMemory = keepsMemory ? firstSlot + 1 : firstSlot;
      this.memorySlot = keepsMemory ? firstSlot : NOT_KEPT;
      this.bytesSlot = keepsBytes ? behindMemory : NOT_KEPT;
      this.reloadsMemory =
          keepsBytes
              && switch (form) {
                case EXACT -> true;
                case LIMIT -> module.mayGrowMemory(functionIndex);
                case SEGMENT -> false; // It grows without moving.
              };
    }
  }

  /// {@return whether memory 0 is in a variable of its own}
  private boolean keepsMemory() {
    return memorySlot != NOT_KEPT;
  }

  /// {@return whether the bytes of memory 0 are in a variable of their own}
  private boolean keepsContent() {
    return bytesSlot != NOT_KEPT;
  }

  /// {@return whether accesses of a memory are calls}
  boolean callsAccesses(int memoryIndex) {
    return callsAccesses && memoryIndex == 0;
  }

  /// {@return the types in a stack map frame of the variables that keep memory 0, as ASM writes
  /// them}
  List<Object> frameTypes() {
    if (!keepsMemory() && !keepsContent()) {
      return List.of();
    }
    MemoryForm form = form(0);
    Object memory = Names.memory(form);
    if (!keepsContent()) {
      return List.of(memory);
    }
    return switch (form) {
      case EXACT -> keepsMemory() ? List.of(memory, "[B") : List.of("[B");
      case LIMIT ->
          keepsBound()
              ? List.of(memory, "[B", Opcodes.INTEGER, Opcodes.INTEGER)
              : List.of(memory, "[B");
      case SEGMENT -> List.of(memory, Names.SEGMENT);
    };
  }

  private int boundSlot() {
    return bytesSlot + 1;
  }

  private int maskSlot() {
    return bytesSlot + 2;
  }

  /// {@return whether what addresses of memory 0 are checked against is kept in local variables}
  boolean keepsBound() {
    return keepsContent() && form(0) == MemoryForm.LIMIT && memoryAddress(0) == JvmKind.INT;
  }

  /// Writes memory 0 and its bytes into their local variables, if they are kept there.
  void cacheMemory() {
    if (!keepsMemory() && !keepsContent()) {
      return;
    }
    writeMemory(0);
    if (keepsMemory() && keepsContent()) {
      writer.insn(Opcodes.DUP);
    }
    if (keepsMemory()) {
      writer.store(JvmKind.REF, memorySlot);
    }
    if (keepsContent()) {
      cacheBytes();
    }
  }

  private void cacheBytes() {
    writeContentOf(form(0));
    writer.store(JvmKind.REF, bytesSlot);
    cacheBound();
  }

  /*
   * The bound is the size of the memory, the mask whether arrays may be longer than that. While
   * they may not, the bound is the length of the array, so that C2 takes the check against it and
   * the array's own for the same. See [CapacitySite].
   *
   *   mask = capacity();  bound = bytes.length - ((bytes.length - memory.limit) & mask);
   */
  private void cacheBound() {
    if (!keepsBound()) {
      return;
    }
    writer.invokestatic(Names.MODULE, ModuleClassGenerator.CAPACITY, "()I");
    writer.store(JvmKind.INT, maskSlot());
    writer.aload(bytesSlot);
    writer.insn(Opcodes.ARRAYLENGTH);
    writer.insn(Opcodes.DUP);
    writer.aload(memorySlot);
    writer.getfield(Names.HEAP_MEMORY, "limit", "I");
    writer.insn(Opcodes.ISUB);
    writer.load(JvmKind.INT, maskSlot());
    writer.insn(Opcodes.IAND);
    writer.insn(Opcodes.ISUB);
    writer.store(JvmKind.INT, boundSlot());
  }

  /// Writes what an address of memory 0 is checked against in the limit form, which is negative or
  /// 0 if no address is in bounds.
  ///
  /// @param offset what is added to the address once it is checked
  /// @param width the bytes of the access
  void writeBound(int offset, int width) {
    writer.load(JvmKind.INT, boundSlot());
    if (offset != 0) {
      writer.iconst(offset);
      writer.load(JvmKind.INT, maskSlot());
      writer.insn(Opcodes.IAND);
      writer.insn(Opcodes.ISUB);
    }
    if (width > 1) {
      writer.iconst(width - 1);
      writer.insn(Opcodes.ISUB);
    }
  }

  /// Writes the instance.
  void writeInstance() {
    writer.aload(instanceSlot);
  }

  /// {@return how a memory is kept}
  MemoryForm form(int memoryIndex) {
    return plan.layout().memoryForm(memoryIndex);
  }

  /// {@return the kind of addresses and sizes of a memory}
  JvmKind memoryAddress(int index) {
    return JvmKind.of(module.memoryType(index).limits().addressType());
  }

  /// {@return the kind of indices and sizes of a table}
  JvmKind tableAddress(int index) {
    return JvmKind.of(module.tableType(index).limits().addressType());
  }

  /// Writes a memory, as the class of its form.
  void writeMemory(int index) {
    writeInstance();
    String type = Names.memory(form(index));
    if (plan.layout().isField(index)) {
      writer.getfield(Names.INSTANCE, "m" + index, "L" + type + ";");
    } else {
      writer.getfield(Names.BASE_INSTANCE, "memories", "[" + Names.MEMORY_DESC);
      writer.iconst(index);
      writer.insn(Opcodes.AALOAD);
      writer.checkcast(type);
    }
  }

  /// Writes a memory, from the local variable where it is kept if it is kept in one.
  void writeCachedMemory(int index) {
    if (index == 0 && keepsMemory()) {
      writer.aload(memorySlot);
    } else {
      writeMemory(index);
    }
  }

  /// Writes what holds the bytes of a memory: an array, or a segment.
  void writeContent(int index) {
    if (index == 0 && keepsContent()) {
      writer.aload(bytesSlot);
    } else {
      writeCachedMemory(index);
      writeContentOf(form(index));
    }
  }

  private void writeContentOf(MemoryForm form) {
    if (form == MemoryForm.SEGMENT) {
      writer.getfield(Names.SEGMENT_MEMORY, "segment", Names.SEGMENT_DESC);
    } else {
      writer.getfield(Names.HEAP_MEMORY, "bytes", "[B");
    }
  }

  /// Writes the canonical id of one of the module's types.
  void writeTypeId(int typeIndex) {
    if (plan.layout().isField(typeIndex)) {
      writer.getstatic(Names.MODULE, "t" + typeIndex, "I");
    } else {
      writer.getstatic(Names.MODULE, "typeIds", "[I");
      writer.iconst(typeIndex);
      writer.insn(Opcodes.IALOAD);
    }
  }

  /// Writes a table.
  void writeTable(int index) {
    writeInstance();
    if (plan.layout().isField(index)) {
      writer.getfield(Names.INSTANCE, "t" + index, Names.TABLE_DESC);
    } else {
      writer.getfield(Names.BASE_INSTANCE, "tables", "[" + Names.TABLE_DESC);
      writer.iconst(index);
      writer.insn(Opcodes.AALOAD);
    }
  }

  /// Notes that a direct call was written.
  void expireMemoryAfter(int callee) {
    if (reloadsAfter(plan, callee)) {
      expireMemory();
    }
  }

  /// {@return whether the bytes of memory 0, where they are kept, are read again after a direct
  /// call}
  static boolean reloadsAfter(ModulePlan plan, int callee) {
    return isExact(plan) || plan.module().mayGrowMemory(callee);
  }

  /// {@return whether a module has a memory 0 of the exact form}
  static boolean isExact(ModulePlan plan) {
    return plan.module().memoryCount() > 0 && plan.layout().memoryForm(0) == MemoryForm.EXACT;
  }

  /// Notes that a call was written, or something else that may have replaced the bytes of memory 0:
  /// they are read again before the next instruction that may use them.
  void expireMemory() {
    isStale = reloadsMemory;
  }

  /// Reads the bytes of memory 0 again after something that may have replaced them.
  void reloadMemory() {
    expireMemory();
    refreshMemory();
  }

  /// Reads the bytes of memory 0 again if that was put off.
  void refreshMemory() {
    if (isStale) {
      isStale = false;
      writeCachedMemory(0);
      cacheBytes();
    }
  }

  /// Does the same before an instruction that may use the bytes or goes where others come from.
  ///
  /// @param endsFunction whether nothing of the function comes behind it
  void refreshMemoryBefore(Opcode opcode, boolean endsFunction) {
    if (isStale && !endsFunction && !leavesStale(opcode)) {
      refreshMemory();
    }
  }

  /// Notes that control does not reach the next instruction.
  void forgetStale() {
    isStale = false;
  }

  private static boolean leavesStale(Opcode opcode) {
    return switch (opcode.immediates()) {
      case LOCAL, GLOBAL, I32, I64, F32, F64, V128, FUNCTION, TYPE_TABLE -> true;
      case NONE ->
          switch (opcode) {
            case ELSE, END, CATCH_ALL, THROW_REF -> false;
            default -> true;
          };
      default -> opcode == Opcode.BLOCK;
    };
  }
}
