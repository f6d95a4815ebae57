package dev.cloister.isolate.abi;

import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.isolate.abi.extism.ExtismEnvironment;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.imports.CloisterModule;
import dev.cloister.isolate.wasi.WasiPreview1;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Tells from its imports what a module needs to be granted.
public final class CapabilityNeeds {
  private CapabilityNeeds() {}

  /// What `module` needs, each with the imports that need it, as `module.name`.
  public static SortedMap<Capability, List<String>> of(WasmModule module) {
    SortedMap<Capability, List<String>> needs = new TreeMap<>();
    for (Import declared : module.imports()) {
      Capability needed = of(declared.module(), declared.name());
      if (needed != null) {
        needs
            .computeIfAbsent(needed, _ -> new ArrayList<>())
            .add(declared.module() + "." + declared.name());
      }
    }
    return needs;
  }

  /// What of `needs` calls are refused without. An Extism function that is not granted fails when
  /// it is called: development kits import it for plug-ins that never do.
  public static SortedMap<Capability, List<String>> required(
      SortedMap<Capability, List<String>> needs) {
    SortedMap<Capability, List<String>> required = new TreeMap<>();
    needs.forEach((capability, imports) -> {
      List<String> firm =
          imports.stream().filter(name -> !name.startsWith(ExtismEnvironment.MODULE_NAME)).toList();
      if (!firm.isEmpty()) {
        required.put(capability, firm);
      }
    });
    return required;
  }

  /// What the import of `name` from `moduleName` needs, or null for nothing.
  public static @Nullable Capability of(String moduleName, String name) {
    if (CloisterModule.isModuleName(moduleName)) {
      return CloisterModule.needed(moduleName, name);
    }
    if (moduleName.equals(ExtismEnvironment.MODULE_NAME)) {
      // Plug-ins that have no values read none; their development kits import `config_get` always.
      return name.equals("http_request") ? Capability.HTTP : null;
    }
    return WasiPreview1.isModuleName(moduleName) ? ofWasi(name) : null;
  }

  private static @Nullable Capability ofWasi(String name) {
    return switch (name) {
      case "clock_res_get", "clock_time_get", "poll_oneoff" -> Capability.CLOCK;
      case "random_get" -> Capability.RANDOM;
      default -> name.startsWith("path_") ? Capability.FILESYSTEM : null;
    };
  }
}
