package dev.cloister.engine.decode;

import dev.cloister.engine.error.InvalidModuleException;
import dev.cloister.engine.error.MalformedException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModuleBuilder;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.util.ByteReader;

/// The import section (Spec 5.5.5), and its compact form: an entry with an empty name and one of
/// two further kinds stands for several imports from one module.
final class ImportSection {

  private static final int COMPACT_BY_MODULE = 0x7F;
  private static final int COMPACT_BY_TYPE = 0x7E;

  private final SectionReader section;
  private final EntityTypes types;
  private final ByteReader reader;
  private final WasmModuleBuilder module;

  private String lastModuleName = "";

  ImportSection(SectionReader section, EntityTypes types) {
    this.section = section;
    this.types = types;
    this.reader = section.reader;
    this.module = section.module;
  }

  void read() {
    int count = section.readCount(WasmLimit.IMPORTS);
    for (int i = 0; i < count; i++) {
      String moduleName = readModuleName();
      String name = section.readName();
      int kind = reader.peek();
      boolean isCompact = kind == COMPACT_BY_MODULE || kind == COMPACT_BY_TYPE;
      if (isCompact && name.isEmpty() && section.has(WasmFeature.COMPACT_IMPORT_SECTION)) {
        reader.readByte();
        readCompact(moduleName, kind);
      } else {
        add(moduleName, name, readExternType());
      }
    }
  }

  /// Reads the name of a module; imports of the same module in a row share it.
  private String readModuleName() {
    String name = section.readName();
    if (!name.equals(lastModuleName)) {
      lastModuleName = name;
    }
    return lastModuleName;
  }

  private void readCompact(String moduleName, int kind) {
    ExternType shared = kind == COMPACT_BY_TYPE ? readExternType() : null;
    int count = section.readCount(WasmLimit.IMPORTS, module.importCount());
    for (int i = 0; i < count; i++) {
      String name = section.readName();
      add(moduleName, name, shared == null ? readExternType() : shared);
    }
  }

  private void add(String moduleName, String name, ExternType type) {
    section.limits.check(WasmLimit.IMPORTS, module.importCount() + 1L, reader.position());
    module.addImport(new Import(moduleName, name, type));
  }

  private ExternType readExternType() {
    int start = reader.position();
    int kind = reader.readByte();
    return switch (kind) {
      case 0 -> new FuncExternType(types.readFunctionType());
      case 1 -> {
        checkSingle(module.tableCount(), WasmFeature.REFERENCE_TYPES, "tables", start);
        yield types.readTableType();
      }
      case 2 -> {
        checkSingle(module.memoryCount(), WasmFeature.MULTI_MEMORY, "memories", start);
        yield types.readMemoryType();
      }
      case 3 -> readGlobalType(start);
      case 4 -> {
        if (!section.has(WasmFeature.EXCEPTIONS)) {
          throw SectionReader.switchedOff("malformed import kind 4", WasmFeature.EXCEPTIONS, start);
        }
        yield types.readTagType();
      }
      default -> throw new MalformedException("malformed import kind " + kind, start);
    };
  }

  private GlobalType readGlobalType(int start) {
    GlobalType type = types.readGlobalType();
    if (type.mutable() && !section.has(WasmFeature.MUTABLE_GLOBALS)) {
      throw new InvalidModuleException(
          "mutable globals cannot be imported: feature mutable-globals is switched off", start);
    }
    return type;
  }

  private void checkSingle(int known, WasmFeature feature, String kind, int start) {
    if (known > 0 && !section.has(feature)) {
      throw new InvalidModuleException(
          "multiple " + kind + ": feature " + feature.id() + " is switched off", start);
    }
  }
}
