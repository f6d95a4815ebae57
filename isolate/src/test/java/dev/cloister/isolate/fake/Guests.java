package dev.cloister.isolate.fake;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;

/// An engine with one isolate, for tests that run modules.
public final class Guests implements AutoCloseable {
  private final WasmEngine engine = new WasmEngine(EngineConfig.defaults());
  private final EngineIsolate isolate = engine.addIsolate("test");

  /// Starts it.
  public Guests() {}

  /// The engine.
  public WasmEngine engine() {
    return engine;
  }

  /// The module with these bytes.
  public ModuleHandle compile(byte[] wireBytes) {
    return engine.compile(isolate, wireBytes);
  }

  @Override
  public void close() {
    isolate.close();
    engine.close();
  }
}
