package dev.cloister.engine.script;

import dev.cloister.engine.module.CustomSection;
import dev.cloister.engine.module.WasmModule;
import org.jspecify.annotations.Nullable;

/// What a module says about where its debug information is (tool conventions, "DWARF for
/// WebAssembly" and ECMA-426).
///
/// @param sourceMapUrl what the section `sourceMappingURL` says, or null; of a `data:` URL only
///   what comes before the data
/// @param hasEmbeddedDwarf whether DWARF is in the module itself
/// @param externalDwarfUrl what the section `external_debug_info` says, or null
public record DebugSymbols(
    @Nullable String sourceMapUrl, boolean hasEmbeddedDwarf, @Nullable String externalDwarfUrl) {
  /// No debug information.
  public static final DebugSymbols NONE = new DebugSymbols(null, false, null);

  /// The longest URL that is taken for one, in bytes, without the data that it may hold.
  static final int MAX_URL_BYTES = 4_096;

  private static final String SOURCE_MAP = "sourceMappingURL";
  private static final String EXTERNAL_DWARF = "external_debug_info";

  /// {@return what the custom sections of a module say} Of several with one name, the first counts.
  public static DebugSymbols of(WasmModule module) {
    String sourceMap = shown(url(module, SOURCE_MAP));
    String external = shown(url(module, EXTERNAL_DWARF));
    boolean embedded =
        section(module, LineTable.INFO) != null || section(module, LineTable.LINES) != null;
    return sourceMap == null && !embedded && external == null
        ? NONE
        : new DebugSymbols(sourceMap, embedded, external);
  }

  private static @Nullable String shown(@Nullable String url) {
    return url != null && DataUrl.is(url) ? url.substring(0, url.indexOf(',') + 1) : url;
  }

  /// {@return the URL of the module's source map with all that it holds, or null}
  static @Nullable String sourceMapUrl(WasmModule module) {
    return url(module, SOURCE_MAP);
  }

  /// {@return the URL that a section consists of, or null if it does not}
  private static @Nullable String url(WasmModule module, String name) {
    CustomSection section = section(module, name);
    if (section == null) {
      return null;
    }
    DebugSection content = DebugSection.of(module.wireBytes(), section);
    String url = content.read(reader -> content.text(reader, reader.readU32()), null);
    if (url == null) {
      return null;
    }
    int length = DataUrl.is(url) ? url.indexOf(',') : url.length();
    return length < 0 || length > MAX_URL_BYTES ? null : url;
  }

  private static @Nullable CustomSection section(WasmModule module, String name) {
    for (CustomSection section : module.customSections()) {
      if (section.name().equals(name)) {
        return section;
      }
    }
    return null;
  }

  /// {@return whether there is anything}
  public boolean isPresent() {
    return !equals(NONE);
  }
}
