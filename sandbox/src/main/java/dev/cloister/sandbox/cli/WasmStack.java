package dev.cloister.sandbox.cli;

import dev.cloister.engine.error.InlinedCall;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.WasmFrame;
import org.jspecify.annotations.Nullable;

/// Shows where a guest trapped.
final class WasmStack {
  private WasmStack() {}

  /// The trap and its frames, innermost first, one per line.
  static String describe(TrapException trap) {
    StringBuilder text = new StringBuilder("trap: ").append(trap.getMessage());
    for (WasmFrame frame : trap.wasmStack()) {
      text.append("\n  at ")
          .append(name(frame.functionName()))
          .append('[')
          .append(frame.functionIndex())
          .append("] (@+0x")
          .append(Long.toHexString(frame.offset()))
          .append(')')
          .append(place(frame.source()));
      for (InlinedCall inlined : frame.inlined()) {
        text.append("\n     in ")
            .append(name(inlined.function()))
            .append(", inlined")
            .append(place(inlined.call()));
      }
    }
    return text.toString();
  }

  private static String place(@Nullable SourcePosition source) {
    return source == null ? "" : " " + PrintableText.of(source.toString());
  }

  private static String name(@Nullable String name) {
    return name == null ? "function" : PrintableText.of(name);
  }
}
