package dev.cloister.engine;

import dev.cloister.engine.code.NativeModule;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// An isolate as the engine knows it: one tenant, and which native modules it uses.
///
/// A module is in the isolate's set exactly if the isolate is in the module's. Safe to use by any
/// thread.
public final class EngineIsolate implements AutoCloseable {
  private final WasmEngine engine;
  private final String id;

  /// The number of open handles for each module. Guarded by the engine's isolate lock.
  final Map<NativeModule, Integer> handles = new HashMap<>();

  /// The handles themselves, so that closing the isolate closes them. Guarded likewise.
  final Set<ModuleHandle> open = new HashSet<>();

  EngineIsolate(WasmEngine engine, String id) {
    this.engine = engine;
    this.id = id;
  }

  /// {@return the name of the isolate}
  public String id() {
    return id;
  }

  /// Removes the isolate and gives back all references that it holds. Repeating it does nothing.
  @Override
  public void close() {
    engine.remove(this);
  }
}
