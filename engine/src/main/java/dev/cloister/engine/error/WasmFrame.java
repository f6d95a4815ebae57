package dev.cloister.engine.error;

import org.jspecify.annotations.Nullable;

/// One Wasm frame of a trap's stack.
///
/// @param functionIndex index of the function in its module
/// @param functionName name from the module's name section, if it has one
/// @param offset offset of the instruction in the module, in bytes
public record WasmFrame(int functionIndex, @Nullable String functionName, long offset) {}
