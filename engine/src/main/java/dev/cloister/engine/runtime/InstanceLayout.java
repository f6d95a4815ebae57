package dev.cloister.engine.runtime;

import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.WasmModule;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the parts of an instance are kept: in fields of the generated class, in arrays, or in
/// cells.
///
/// Computed once a module, immutable. Both the code generator and the instantiation follow it.
public final class InstanceLayout {
  /// Parts beyond this number are in arrays; it keeps the generated class small.
  private static final int MAX_FIELDS = 1_000;

  private final Map<String, Export> exports = new HashMap<>();
  private final BitSet cells = new BitSet();
  private final int fieldLimit;
  private final WasmModule module;
  private final boolean exactMemory;

  /// Computes the layout of a module's instances.
  public InstanceLayout(WasmModule module) {
    this.module = module;
    for (Export export : module.exports()) {
      exports.put(export.name(), export);
      if (export.kind() == ExternKind.GLOBAL) {
        cells.set(export.index());
      }
    }
    cells.set(0, module.importedGlobalCount());
    fieldLimit = MAX_FIELDS;
    exactMemory = module.importedMemoryCount() == 0 && !module.growsMemory();
  }

  /// {@return whether a global is a [Global] that others can see, not a plain value}
  public boolean isCell(int globalIndex) {
    return cells.get(globalIndex);
  }

  /// {@return whether any global is a cell}
  boolean hasCells() {
    return !cells.isEmpty();
  }

  /// {@return whether part number `index` of its kind has a field of its own}
  public boolean isField(int index) {
    return index < fieldLimit;
  }

  /// {@return how code of the module accesses a memory}
  public MemoryForm memoryForm(int memoryIndex) {
    if (MemoryForm.isSegment(module.memoryType(memoryIndex))) {
      return MemoryForm.SEGMENT;
    }
    return exactMemory ? MemoryForm.EXACT : MemoryForm.LIMIT;
  }

  /// {@return the export with this name}
  public @Nullable Export export(String name) {
    return exports.get(name);
  }
}
