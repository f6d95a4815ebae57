package dev.cloister.engine.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One Wasm frame of a trap's stack.
///
/// @param functionIndex index of the function in its module
/// @param functionName name from the module's name section, if it has one
/// @param offset offset of the instruction in the module, in bytes
/// @param source where in the source text the instruction came from, if the module says so
/// @param inlined the inlined functions of the source text that the instruction is in, the
///   innermost first: `source` is in that, and the call of the last one in the function itself
public record WasmFrame(
    int functionIndex,
    @Nullable String functionName,
    long offset,
    @Nullable SourcePosition source,
    List<InlinedCall> inlined) {

  /// Creates a frame.
  public WasmFrame {
    inlined = List.copyOf(inlined);
  }

  /// A frame of a module that does not tell where it came from.
  public WasmFrame(int functionIndex, @Nullable String functionName, long offset) {
    this(functionIndex, functionName, offset, null);
  }

  /// A frame of a function in which nothing is inlined.
  public WasmFrame(
      int functionIndex,
      @Nullable String functionName,
      long offset,
      @Nullable SourcePosition source) {
    this(functionIndex, functionName, offset, source, List.of());
  }
}
