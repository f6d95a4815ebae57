package dev.cloister.engine.error;

import org.jspecify.annotations.Nullable;

/// One Wasm frame of a trap's stack.
///
/// @param functionIndex index of the function in its module
/// @param functionName name from the module's name section, if it has one
/// @param offset offset of the instruction in the module, in bytes
/// @param source where in the source text the instruction came from, if the module says so
public record WasmFrame(
    int functionIndex,
    @Nullable String functionName,
    long offset,
    @Nullable SourcePosition source) {

  /// A frame of a module that does not tell where it came from.
  public WasmFrame(int functionIndex, @Nullable String functionName, long offset) {
    this(functionIndex, functionName, offset, null);
  }
}
