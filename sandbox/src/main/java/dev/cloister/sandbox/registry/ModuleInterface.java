package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.CompositeType;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.sandbox.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The imports and exports of a module and the files that came with it, ready to be stored and
/// shown.
///
/// @param imports what it needs
/// @param exports what it offers
/// @param content the files, in the order of their paths
public record ModuleInterface(
    List<InterfaceItem> imports, List<InterfaceItem> exports, List<ContentItem> content) {
  /// That of no module.
  public static final ModuleInterface NONE = new ModuleInterface(List.of(), List.of(), List.of());

  /// Takes what was stored before there were files.
  @JsonCreator
  static ModuleInterface of(
      @JsonProperty("imports") List<InterfaceItem> imports,
      @JsonProperty("exports") List<InterfaceItem> exports,
      @JsonProperty("content") @Nullable List<ContentItem> content) {
    return new ModuleInterface(imports, exports, content == null ? List.of() : content);
  }

  static ModuleInterface of(PluginHandle plugin) {
    WasmModule module = plugin.module();
    return new ModuleInterface(
        module.imports().stream().map(ModuleInterface::item).toList(),
        module.exports().stream().map(export -> item(module, export)).toList(),
        plugin.content().files().stream().map(ContentItem::of).toList());
  }

  static ModuleInterface parse(String stored) {
    return Json.read(stored.getBytes(StandardCharsets.UTF_8), ModuleInterface.class);
  }

  String json() {
    return Json.text(this);
  }

  private static InterfaceItem item(Import item) {
    return item(item.module(), item.name(), item.type());
  }

  private static InterfaceItem item(WasmModule module, Export export) {
    int index = export.index();
    return switch (export.kind()) {
      case FUNCTION -> function(null, export.name(), module.signature(index));
      case TABLE -> item(null, export.name(), module.tableType(index));
      case MEMORY -> item(null, export.name(), module.memoryType(index));
      case GLOBAL -> item(null, export.name(), module.globalType(index));
      case TAG -> item(null, export.name(), module.tagType(index));
    };
  }

  private static InterfaceItem item(@Nullable String module, String name, ExternType type) {
    return switch (type) {
      case FuncExternType function ->
          function(module, name, signature(function.type().composite()));
      case TableType table -> other(module, name, "table", table);
      case MemoryType memory -> other(module, name, "memory", memory);
      case GlobalType global -> other(module, name, "global", global);
      case TagType tag -> other(module, name, "tag", signature(tag.type().composite()));
    };
  }

  private static FuncType signature(CompositeType type) {
    if (type instanceof FuncType function) {
      return function;
    }
    throw new IllegalStateException("a function or tag of the type " + type);
  }

  private static InterfaceItem function(@Nullable String module, String name, FuncType type) {
    return new InterfaceItem(
        module, name, "function", texts(type.params()), texts(type.results()), null);
  }

  private static InterfaceItem other(
      @Nullable String module, String name, String kind, Object type) {
    return new InterfaceItem(module, name, kind, null, null, type.toString());
  }

  private static List<String> texts(List<ValueType> types) {
    return types.stream().map(ValueType::toString).toList();
  }
}
