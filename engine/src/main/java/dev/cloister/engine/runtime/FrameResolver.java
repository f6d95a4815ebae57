package dev.cloister.engine.runtime;

import dev.cloister.engine.error.WasmFrame;
import org.jspecify.annotations.Nullable;

/// Maps Java stack frames of generated code back to the Wasm they came from.
public interface FrameResolver {
  /// {@return the Wasm frame that `element` is, or null if it is not generated code} Any thread.
  @Nullable WasmFrame resolve(StackTraceElement element);
}
