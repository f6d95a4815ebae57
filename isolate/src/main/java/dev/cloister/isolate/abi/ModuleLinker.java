package dev.cloister.isolate.abi;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.FuncType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes instances of several modules in one store, each after those that it imports from.
///
/// What modules import from each other in a circle must be functions: those are called by way of
/// the host, which finds them when they are called. Used once, on the thread that runs the store.
public final class ModuleLinker {
  private final ProgramModules modules;
  private final Store store;
  private final Imports host;

  /// The instances by name; null while one is being made.
  private final Map<String, @Nullable Instance> instances = new HashMap<>();

  private ModuleLinker(ProgramModules modules, Store store, Imports host) {
    this.modules = modules;
    this.store = store;
    this.host = host;
  }

  /// Makes an instance of the main module, and one of each other that it needs.
  ///
  /// The others are initialized when they are made, the main one is not.
  ///
  /// @param host what the modules import that none of them exports
  /// @throws LinkException if an import is missing or does not fit
  public static Instance link(ProgramModules modules, Store store, Imports host) {
    if (modules.others().isEmpty()) {
      return modules.main().instantiate(store, host);
    }
    ModuleLinker linker = new ModuleLinker(modules, store, host);
    return modules.main().instantiate(store, linker::resolve);
  }

  private @Nullable Extern resolve(String moduleName, String name, ExternType type) {
    ModuleHandle module = modules.named(moduleName);
    if (module == null) {
      return host.resolve(moduleName, name, type);
    }
    if (!instances.containsKey(moduleName)) {
      make(moduleName, module);
    }
    Instance instance = instances.get(moduleName);
    return instance == null ? late(moduleName, name, type) : instance.export(name);
  }

  private void make(String moduleName, ModuleHandle module) {
    instances.put(moduleName, null);
    Instance instance = module.instantiate(store, this::resolve);
    instances.put(moduleName, instance);
    Initialization.run(instance);
  }

  /// A function of an instance that is not there yet.
  private HostFunction late(String moduleName, String name, ExternType type) {
    if (type instanceof FuncExternType declared
        && declared.type().composite() instanceof FuncType signature) {
      return HostFunction.of(
          signature, (_, arguments) -> function(moduleName, name, signature).call(arguments));
    }
    throw new LinkException(
        "incompatible import type: \""
            + moduleName
            + "\" \""
            + name
            + "\": only functions can be imported in a circle, not "
            + type);
  }

  private FuncRef function(String moduleName, String name, FuncType signature) {
    Instance instance = instances.get(moduleName);
    if (instance == null) {
      throw new LinkException(
          "unknown import: \""
              + moduleName
              + "\" \""
              + name
              + "\" is called before its module is there");
    }
    if (instance.export(name) instanceof FuncRef function
        && function.signature().equals(signature)) {
      return function;
    }
    throw new LinkException(
        "unknown import: \"" + moduleName + "\" \"" + name + "\": expected func " + signature);
  }
}
