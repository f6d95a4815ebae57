package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.module.CustomSection;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.HintSection;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.AbiDetector;
import dev.cloister.isolate.abi.CapabilityNeeds;
import dev.cloister.isolate.plugin.PluginHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `inspect` says about a module. The names of the components are those of the JSON form, on
/// which programs rely.
///
/// @param name from the name section
/// @param sha256 of the bytes, in hexadecimal
/// @param abi the convention its imports and exports follow
/// @param features what it cannot be valid without
/// @param missingFeatures those of them that this engine cannot run
/// @param sizes in bytes and in items
/// @param types the types it defines, written out
/// @param hints its sections of advice for compilers
/// @param capabilities what its tenant has to be granted, by the names of policies
record ModuleReport(
    @Nullable String name,
    String sha256,
    String abi,
    List<String> features,
    List<String> missingFeatures,
    Sizes sizes,
    List<TypeEntry> types,
    List<ImportEntry> imports,
    List<ExportEntry> exports,
    List<String> customSections,
    List<Hints> hints,
    List<CapabilityEntry> capabilities) {

  /// How large it is.
  ///
  /// @param codeBytes the function bodies
  /// @param metadataBytes what is kept besides the bytes after decoding
  record Sizes(
      long wireBytes,
      long codeBytes,
      long dataBytes,
      long customBytes,
      long metadataBytes,
      int functions,
      int tables,
      int memories,
      int globals,
      int tags) {}

  /// A capability that its tenant has to be granted.
  ///
  /// @param name as in policies, settings and the answers of uploads
  /// @param isRequired whether calls are refused without; else what needs it fails when it is
  ///   called
  /// @param imports what needs it, as `module.name`
  record CapabilityEntry(
      String name, @JsonProperty("required") boolean isRequired, List<String> imports) {}

  /// A section of advice for compilers.
  ///
  /// @param functions how many functions it names
  /// @param hints how many hints it has
  /// @param ignored why it is ignored, null if it is not
  record Hints(String section, int functions, int hints, @Nullable String ignored) {
    private static Hints of(HintSection section) {
      return new Hints(
          section.kind().section(), section.functions(), section.hints(), section.fault());
    }
  }

  /// A type of the index space.
  record TypeEntry(int index, String kind, String type) {}

  /// An import.
  ///
  /// @param provided whether anything on this server provides it
  record ImportEntry(String module, String name, String kind, String type, boolean provided) {}

  /// An export.
  record ExportEntry(String name, String kind, int index, String type) {}

  /// Looks at a valid module.
  static ModuleReport of(WasmModule module) {
    Abi abi = AbiDetector.detect(module);
    List<WasmFeature> features = features(module);
    WasmFeatures executable = EngineConfig.defaults().features();
    return new ModuleReport(
        module.name(),
        module.wireBytes().sha256().hex(),
        abi.label(),
        features.stream().map(WasmFeature::id).toList(),
        features.stream().filter(f -> !executable.has(f)).map(WasmFeature::id).toList(),
        sizes(module),
        types(module),
        module.imports().stream().map(ModuleReport::entry).toList(),
        module.exports().stream().map(export -> entry(module, export)).toList(),
        module.customSections().stream().map(CustomSection::name).toList(),
        HintSection.all(module).stream().map(Hints::of).toList(),
        capabilities(module));
  }

  private static List<CapabilityEntry> capabilities(WasmModule module) {
    var needs = CapabilityNeeds.of(module);
    var required = CapabilityNeeds.required(needs);
    return needs.entrySet().stream()
        .map(need ->
            new CapabilityEntry(
                need.getKey().name(), required.containsKey(need.getKey()), need.getValue()))
        .toList();
  }

  /// The features without which the module is not valid, found by trying.
  private static List<WasmFeature> features(WasmModule module) {
    byte[] wireBytes = module.wireBytes().copy(0, module.wireBytes().size());
    List<WasmFeature> needed = new ArrayList<>();
    for (WasmFeature feature : WasmFeature.values()) {
      if (feature != WasmFeature.CORE && module.features().has(feature)) {
        WasmFeatures others = module.features().without(feature);
        if (!isValid(wireBytes, others)) {
          needed.add(feature);
        }
      }
    }
    return needed;
  }

  private static boolean isValid(byte[] wireBytes, WasmFeatures features) {
    try (WasmEngine engine = new WasmEngine(EngineConfig.defaults().withFeatures(features))) {
      engine.validate(wireBytes);
      return true;
    } catch (ModuleException _) {
      return false;
    }
  }

  private static Sizes sizes(WasmModule module) {
    long codeBytes = 0;
    for (int i = module.importedFunctionCount(); i < module.functionCount(); i++) {
      codeBytes += module.bodyEnd(i) - module.bodyOffset(i);
    }
    return new Sizes(
        module.wireBytes().size(),
        codeBytes,
        module.data().stream().mapToLong(DataSegment::dataLength).sum(),
        module.customSections().stream().mapToLong(CustomSection::length).sum(),
        module.metadataBytes(),
        module.functionCount(),
        module.tableCount(),
        module.memoryCount(),
        module.globalCount(),
        module.tagCount());
  }

  private static List<TypeEntry> types(WasmModule module) {
    List<TypeEntry> types = new ArrayList<>(module.typeCount());
    for (int i = 0; i < module.typeCount(); i++) {
      DefinedType type = module.type(i);
      String kind =
          switch (type.composite()) {
            case FuncType _ -> "func";
            case StructType _ -> "struct";
            case ArrayType _ -> "array";
          };
      types.add(new TypeEntry(i, kind, type.composite().toString()));
    }
    return types;
  }

  private static ImportEntry entry(Import declared) {
    return new ImportEntry(
        declared.module(),
        declared.name(),
        kind(declared.type()),
        declared.type().toString(),
        PluginHandle.isProvided(declared));
  }

  private static ExportEntry entry(WasmModule module, Export export) {
    int index = export.index();
    ExternType type =
        switch (export.kind()) {
          case FUNCTION -> new FuncExternType(module.functionType(index));
          case TABLE -> module.tableType(index);
          case MEMORY -> module.memoryType(index);
          case GLOBAL -> module.globalType(index);
          case TAG -> module.tagType(index);
        };
    return new ExportEntry(export.name(), kind(type), index, type.toString());
  }

  private static String kind(ExternType type) {
    return switch (type) {
      case FuncExternType _ -> "function";
      case TableType _ -> "table";
      case MemoryType _ -> "memory";
      case GlobalType _ -> "global";
      case TagType _ -> "tag";
    };
  }
}
