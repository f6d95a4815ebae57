package dev.cloister.engine.stats;

/// That a module's bytes were decoded and validated (V8 `WasmModuleDecoded`).
///
/// @param isolate the name of the isolate for which this was done
/// @param isAsync whether the embedder goes on meanwhile
/// @param isStreamed whether the bytes arrived in pieces
/// @param isSuccess whether the module is valid and within its limits
/// @param wireBytes the bytes that were taken
/// @param functions the number of own functions whose bodies are valid
/// @param wallMicros the time that this took, without that in which bytes were waited for
public record ModuleDecoded(
    String isolate,
    boolean isAsync,
    boolean isStreamed,
    boolean isSuccess,
    long wireBytes,
    int functions,
    long wallMicros) {}
