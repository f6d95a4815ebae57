package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;

/// That an instance was made, and its start function run, or could not be (V8
/// `WasmModuleInstantiated`).
///
/// @param isolate the name of the isolate whose instance it is
/// @param hash the SHA-256 of the module's wire bytes
/// @param isAsync whether the embedder went on meanwhile
/// @param isSuccess whether there is an instance
/// @param importedFunctions the number of functions that it imports
/// @param wallMicros the time that this took, with the start function
public record ModuleInstantiated(
    String isolate,
    ModuleHash hash,
    boolean isAsync,
    boolean isSuccess,
    int importedFunctions,
    long wallMicros) {}
