package dev.cloister.engine.codegen;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.MemoryForm;
import java.util.List;
import org.objectweb.asm.Opcodes;

/// Writes how a method reaches the parts of its instance: memories, tables and the ids of types.
///
/// Where code accesses memory 0 again and again, the memory and its bytes are kept in two local
/// variables, which are read anew after everything that may replace the bytes. In the limit form
/// two more say what an address is checked against. Where accesses are calls, in that form, the
/// memory alone is kept, which never changes.
final class InstanceAccess {
  private static final int NOT_KEPT = -1;

  private final BytecodeWriter writer;
  private final ModulePlan plan;
  private final WasmModule module;
  private final int instanceSlot;

  /// The variable that keeps memory 0, before that with its bytes, or [#NOT_KEPT].
  private final int memorySlot;

  /// Whether accesses of memory 0 are calls of [dev.cloister.engine.runtime.MemoryOps].
  private final boolean callsAccesses;

  private final boolean reloadsMemory;

  /// @param functionIndex the function that the method belongs to
  /// @param memorySlot the first of the variables to keep memory 0 in, or -1
  /// @param isLarge whether the function is so large that its accesses are calls
  InstanceAccess(
      BytecodeWriter writer,
      ModulePlan plan,
      int functionIndex,
      int instanceSlot,
      int memorySlot,
      boolean isLarge) {
    this.writer = writer;
    this.plan = plan;
    this.module = plan.module();
    this.instanceSlot = instanceSlot;
    this.memorySlot = memorySlot;
    this.callsAccesses =
        isLarge
            && cachesMemory()
            && form(0) != MemoryForm.SEGMENT
            && memoryAddress(0) == JvmKind.INT;
    this.reloadsMemory = keepsContent() && mayReplaceBytes() && module.mayGrowMemory(functionIndex);
  }

  private boolean mayReplaceBytes() {
    return switch (form(0)) {
      // What a host function calls, and what others do with an exported memory, may let it grow.
      case EXACT -> plan.layout().isMemoryExported() || module.importedFunctionCount() > 0;
      case LIMIT -> true;
      case SEGMENT -> false; // It grows without moving.
    };
  }

  private boolean cachesMemory() {
    return memorySlot != NOT_KEPT;
  }

  /// {@return whether the bytes of memory 0 are in a variable of their own}
  private boolean keepsContent() {
    return cachesMemory() && !(callsAccesses && form(0) == MemoryForm.LIMIT);
  }

  /// {@return whether accesses of a memory are calls}
  boolean callsAccesses(int memoryIndex) {
    return callsAccesses && memoryIndex == 0;
  }

  /// {@return the types in a stack map frame of the variables that keep memory 0, as ASM writes
  /// them}
  List<Object> frameTypes() {
    if (!cachesMemory()) {
      return List.of();
    }
    MemoryForm form = form(0);
    Object memory = Names.memory(form);
    if (!keepsContent()) {
      return List.of(memory);
    }
    return switch (form) {
      case EXACT -> List.of(memory, "[B");
      case LIMIT ->
          keepsBound()
              ? List.of(memory, "[B", Opcodes.INTEGER, Opcodes.INTEGER)
              : List.of(memory, "[B");
      case SEGMENT -> List.of(memory, Names.SEGMENT);
    };
  }

  /// {@return whether what addresses of memory 0 are checked against is kept in local variables}
  boolean keepsBound() {
    return keepsContent() && form(0) == MemoryForm.LIMIT && memoryAddress(0) == JvmKind.INT;
  }

  /// Writes memory 0 and its bytes into their local variables, if they are kept there.
  void cacheMemory() {
    if (!cachesMemory()) {
      return;
    }
    writeMemory(0);
    if (keepsContent()) {
      writer.insn(Opcodes.DUP);
      writer.store(JvmKind.REF, memorySlot);
      writeContentOf(form(0));
      writer.store(JvmKind.REF, memorySlot + 1);
      cacheBound();
    } else {
      writer.store(JvmKind.REF, memorySlot);
    }
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
    writer.store(JvmKind.INT, memorySlot + 3);
    writer.aload(memorySlot + 1);
    writer.insn(Opcodes.ARRAYLENGTH);
    writer.insn(Opcodes.DUP);
    writer.aload(memorySlot);
    writer.getfield(Names.HEAP_MEMORY, "limit", "I");
    writer.insn(Opcodes.ISUB);
    writer.load(JvmKind.INT, memorySlot + 3);
    writer.insn(Opcodes.IAND);
    writer.insn(Opcodes.ISUB);
    writer.store(JvmKind.INT, memorySlot + 2);
  }

  /// Writes what an address of memory 0 is checked against in the limit form, which is negative or
  /// 0 if no address is in bounds.
  ///
  /// @param offset what is added to the address once it is checked
  /// @param width the bytes of the access
  void writeBound(int offset, int width) {
    writer.load(JvmKind.INT, memorySlot + 2);
    if (offset != 0) {
      writer.iconst(offset);
      writer.load(JvmKind.INT, memorySlot + 3);
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
    if (index == 0 && cachesMemory()) {
      writer.aload(memorySlot);
    } else {
      writeMemory(index);
    }
  }

  /// Writes what holds the bytes of a memory: an array, or a segment.
  void writeContent(int index) {
    if (index == 0 && keepsContent()) {
      writer.aload(memorySlot + 1);
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

  /// Reads the bytes of memory 0 again after a direct call that may have replaced them.
  void reloadMemoryAfter(int callee) {
    if (module.mayGrowMemory(callee)) {
      reloadMemory();
    }
  }

  /// Reads the bytes of memory 0 again after something that may have replaced them.
  void reloadMemory() {
    if (reloadsMemory) {
      writer.aload(memorySlot);
      writer.getfield(Names.HEAP_MEMORY, "bytes", "[B");
      writer.store(JvmKind.REF, memorySlot + 1);
      cacheBound();
    }
  }
}
