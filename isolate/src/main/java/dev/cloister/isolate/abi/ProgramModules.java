package dev.cloister.isolate.abi;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.module.Import;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The modules that one program is linked of.
///
/// @param main the one whose exports are called
/// @param others those whose exports it and each other import, by the module name of such imports
public record ProgramModules(ModuleHandle main, Map<String, ModuleHandle> others) {
  /// Copies `others`, in their order.
  public ProgramModules {
    others = Collections.unmodifiableMap(new LinkedHashMap<>(others));
  }

  /// A program of one module.
  public static ProgramModules of(ModuleHandle main) {
    return new ProgramModules(main, Map.of());
  }

  /// All of them, the main one last.
  public Stream<ModuleHandle> all() {
    return Stream.concat(others.values().stream(), Stream.of(main));
  }

  /// Whether another module exports what `needed` asks for, of whatever type.
  public boolean exports(Import needed) {
    ModuleHandle module = others.get(needed.module());
    return module != null
        && module.module().exports().stream()
            .anyMatch(export -> export.name().equals(needed.name()));
  }

  /// The module that imports from `moduleName` mean, or null.
  @Nullable ModuleHandle named(String moduleName) {
    return others.get(moduleName);
  }
}
