package dev.cloister.engine.compile;

import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;

/// The bytes of a module that are all there, and what is made of them when it is needed. Confined
/// to the thread that works for the job.
interface ModuleSource {
  /// {@return the digest of the bytes}
  ModuleHash hash();

  /// {@return the decoded and validated module} Repeating it returns the same one.
  ///
  /// @throws dev.cloister.engine.error.WasmException if it is faulty
  WasmModule decode();
}
