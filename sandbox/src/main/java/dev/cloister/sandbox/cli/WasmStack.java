package dev.cloister.sandbox.cli;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.WasmFrame;

/// Shows where a guest trapped.
final class WasmStack {
  private WasmStack() {}

  /// The trap and its frames, innermost first, one per line.
  static String describe(TrapException trap) {
    StringBuilder text = new StringBuilder("trap: ").append(trap.getMessage());
    for (WasmFrame frame : trap.wasmStack()) {
      text.append("\n  at ")
          .append(name(frame))
          .append('[')
          .append(frame.functionIndex())
          .append("] (@+0x")
          .append(Long.toHexString(frame.offset()))
          .append(')')
          .append(place(frame));
    }
    return text.toString();
  }

  private static String place(WasmFrame frame) {
    SourcePosition source = frame.source();
    return source == null ? "" : " " + PrintableText.of(source.toString());
  }

  private static String name(WasmFrame frame) {
    String name = frame.functionName();
    return name == null ? "function" : PrintableText.of(name);
  }
}
