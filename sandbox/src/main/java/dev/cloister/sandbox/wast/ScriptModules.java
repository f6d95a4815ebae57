package dev.cloister.sandbox.wast;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.WasmEngine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The modules that one run of one script compiled, held until [#close]: a second run of the script
/// meets them in the engine's cache. Any thread.
final class ScriptModules implements AutoCloseable {
  private final WasmEngine validator;
  private final WasmEngine engine;
  private final EngineIsolate isolate;
  private final List<ModuleHandle> handles = new ArrayList<>();

  /// Holds nothing yet.
  ///
  /// @param validator decides whether modules are valid; knows all features of the script
  /// @param engine runs modules; knows those that it can execute
  ScriptModules(WasmEngine validator, WasmEngine engine, String isolateId) {
    this.validator = validator;
    this.engine = engine;
    this.isolate = engine.addIsolate(isolateId);
  }

  /// Decodes and validates a file; throws what the engine throws.
  void validate(Path file) {
    validator.validate(read(file));
  }

  /// Compiles a file; throws what the engine throws.
  ModuleHandle compile(Path file) {
    ModuleHandle handle = engine.compile(isolate, read(file));
    synchronized (handles) {
      handles.add(handle);
    }
    return handle;
  }

  @Override
  public void close() {
    synchronized (handles) {
      handles.forEach(ModuleHandle::close);
      handles.clear();
    }
    isolate.close();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException fault) {
      throw new UncheckedIOException("cannot read " + file, fault);
    }
  }
}
