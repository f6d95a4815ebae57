package dev.cloister.engine.stats;

/// What is sampled (V8 `counters-definitions.h`).
public enum SizeMetric {
  /// V8 `WasmModuleCodeSizeKiB`.
  MODULE_CODE("module_code_size_kib", "Class files of a module in KiB."),
  /// V8 `WasmModuleMetadataKiB`.
  MODULE_METADATA("module_metadata_kib", "What is kept of a decoded module in KiB."),
  /// V8 `WasmModuleCodeSizePercentFreed`.
  MODULE_CODE_FREED(
      "module_code_size_percent_freed", "Freed code of modules with 2 MB of it, in percent."),
  /// V8 `WasmEngineMetadataKiB`.
  ENGINE_METADATA("metadata_kib", "What the engine keeps besides its modules in KiB."),
  /// Code that belongs to no module.
  SHARED_CODE("shared_code_kib", "Wrappers and classes of structures in KiB."),
  /// V8 `WasmModulesPerIsolate`.
  MODULES_PER_ISOLATE("modules_per_isolate", "Native modules that an isolate uses."),
  /// V8 `WasmModulesPerEngine`.
  MODULES_PER_ENGINE("modules_per_engine", "Native modules that any isolate uses."),
  /// An isolate's share of the code.
  ISOLATE_CODE("isolate_code_kib", "An isolate's share of the class files in KiB."),
  /// An isolate's share of the metadata.
  ISOLATE_METADATA("isolate_metadata_kib", "An isolate's share of the metadata in KiB.");

  private final String label;
  private final String help;

  SizeMetric(String label, String help) {
    this.label = label;
    this.help = help;
  }

  /// {@return the name, for metrics}
  public String label() {
    return label;
  }

  /// {@return what it is, for people}
  public String help() {
    return help;
  }
}
