package dev.cloister.engine.stats;

import dev.cloister.engine.module.ModuleHash;
import org.jspecify.annotations.Nullable;

/// That a compilation has ended (V8 `WasmModuleCompiled`).
///
/// @param isolate the name of the isolate that asked for it
/// @param hash the SHA-256 of the wire bytes; null if they did not all come
/// @param isAsync whether the embedder went on meanwhile
/// @param isStreamed whether the bytes arrived in pieces
/// @param isCached whether somebody had compiled the same module already, or did so at that time
/// @param isDeserialized whether code was taken from a store instead of generated
/// @param isLazy whether functions are left to be generated when they are needed
/// @param isSuccess whether there is a module; not so if it is faulty, or the work was cancelled
/// @param codeBytes the class files that the module has at this moment
/// @param wallMicros the time from the beginning to the end; for a stream from its first byte
public record ModuleCompiled(
    String isolate,
    @Nullable ModuleHash hash,
    boolean isAsync,
    boolean isStreamed,
    boolean isCached,
    boolean isDeserialized,
    boolean isLazy,
    boolean isSuccess,
    long codeBytes,
    long wallMicros) {}
