package dev.cloister.engine.decode;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.util.ByteReader;
import java.util.HashSet;
import java.util.Set;

/// The sections that define functions, tables, memories, tags and globals, and those that name
/// them: exports and the start function (Spec 5.5.6 to 5.5.11, 5.5.16).
final class DefinitionSections {

  private static final int TABLE_WITH_INIT = 0x40;
  private static final ExternKind[] KINDS = ExternKind.values();

  private final SectionReader section;
  private final EntityTypes types;
  private final ByteReader reader;
  private final WasmModuleBuilder module;

  DefinitionSections(SectionReader section, EntityTypes types) {
    this.section = section;
    this.types = types;
    this.reader = section.reader;
    this.module = section.module;
  }

  void readFunctions() {
    int count = section.readCount(WasmLimit.FUNCTIONS);
    for (int i = 0; i < count; i++) {
      module.addFunction(types.readFunctionType());
    }
  }

  void readTables() {
    int start = reader.position();
    int count = section.readCount(WasmLimit.TABLES, module.tableCount());
    checkSingle(module.tableCount() + count, WasmFeature.REFERENCE_TYPES, "tables", start);
    for (int i = 0; i < count; i++) {
      readTable();
    }
  }

  private void readTable() {
    int start = reader.position();
    boolean hasInit = reader.peek() == TABLE_WITH_INIT;
    if (hasInit) {
      if (!section.has(WasmFeature.TYPED_FUNCTION_REFERENCES)) {
        throw SectionReader.switchedOff(
            "malformed table", WasmFeature.TYPED_FUNCTION_REFERENCES, start);
      }
      reader.readByte();
      if (reader.readByte() != 0) {
        throw new MalformedException("malformed table: zero byte expected", start + 1);
      }
    }
    TableType type = types.readTableType();
    if (!hasInit) {
      if (!type.element().isDefaultable()) {
        throw new InvalidModuleException(
            "type mismatch: a table of " + section.text(type.element()) + " needs an initial value",
            start);
      }
      module.addTable(type);
      return;
    }
    int offset = reader.position();
    section.readConstExpr(type.element());
    module.addTable(type, offset, reader.position());
  }

  void readMemories() {
    int start = reader.position();
    int count = section.readCount(WasmLimit.MEMORIES, module.memoryCount());
    checkSingle(module.memoryCount() + count, WasmFeature.MULTI_MEMORY, "memories", start);
    for (int i = 0; i < count; i++) {
      module.addMemory(types.readMemoryType());
    }
  }

  private void checkSingle(int count, WasmFeature feature, String kind, int start) {
    if (count > 1 && !section.has(feature)) {
      throw new InvalidModuleException(
          "multiple " + kind + ": feature " + feature.id() + " is switched off", start);
    }
  }

  void readTags() {
    int count = section.readCount(WasmLimit.TAGS, module.tagCount());
    for (int i = 0; i < count; i++) {
      module.addTag(types.readTagType());
    }
  }

  void readGlobals() {
    int count = section.readCount(WasmLimit.GLOBALS, module.globalCount());
    GlobalType last = null;
    for (int i = 0; i < count; i++) {
      GlobalType read = types.readGlobalType();
      // Most modules have many globals of few types.
      GlobalType type = last != null && last.equals(read) ? last : read;
      int offset = reader.position();
      section.readConstExpr(type.valueType());
      module.addGlobal(type, offset, reader.position());
      last = type;
    }
  }

  void readExports() {
    int count = section.readCount(WasmLimit.EXPORTS);
    Set<String> names = new HashSet<>();
    for (int i = 0; i < count; i++) {
      int start = reader.position();
      String name = section.readName();
      if (!names.add(name)) {
        throw new InvalidModuleException(
            "duplicate export name " + SectionReader.quoted(name), start);
      }
      readExport(name);
    }
  }

  private void readExport(String name) {
    int start = reader.position();
    int code = reader.readByte();
    if (code >= KINDS.length) {
      throw new MalformedException("malformed export kind " + code, start);
    }
    ExternKind kind = KINDS[code];
    int count =
        switch (kind) {
          case FUNCTION -> module.functionCount();
          case TABLE -> module.tableCount();
          case MEMORY -> module.memoryCount();
          case GLOBAL -> module.globalCount();
          case TAG -> module.tagCount();
        };
    int index = section.readIndex(kind.toString(), count);
    if (kind == ExternKind.FUNCTION) {
      module.declareFunction(index);
    }
    if (kind == ExternKind.GLOBAL
        && module.globalType(index).mutable()
        && !section.has(WasmFeature.MUTABLE_GLOBALS)) {
      throw new InvalidModuleException(
          "mutable globals cannot be exported: feature mutable-globals is switched off", start);
    }
    module.addExport(new Export(name, kind, index));
  }

  void readStart() {
    int start = reader.position();
    int index = section.readIndex("function", module.functionCount());
    FuncType type = module.signature(index);
    if (!type.params().isEmpty() || !type.results().isEmpty()) {
      throw new InvalidModuleException(
          "start function " + index + " must have type [] -> [], has " + type, start);
    }
    module.setStartFunction(index);
  }
}
