package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.List;
import org.objectweb.asm.Label;

/// The code of a `try_table` or `try`, whose exceptions go to its handler: ranges of bytecode.
///
/// The JVM takes the first handler whose range holds the throwing instruction, and the handlers of
/// inner blocks are written first, as their blocks end first.
final class Protection {
  /// Where exceptions go to.
  final Label handler = new Label();

  private final BytecodeWriter writer;

  /// The start and the end of each range.
  private final List<Label> bounds = new ArrayList<>(2);

  /// Begins the first range.
  Protection(BytecodeWriter writer) {
    this.writer = writer;
    toggle();
  }

  /// Ends the current range, or begins another one.
  void toggle() {
    Label bound = new Label();
    writer.label(bound);
    bounds.add(bound);
  }

  /// Sends the exceptions of all ranges, which are ended, to the handler.
  ///
  /// @return whether there is an instruction in them
  boolean write() {
    boolean protectsAny = false;
    for (int i = 0; i < bounds.size(); i += 2) {
      protectsAny |= writer.protect(bounds.get(i), bounds.get(i + 1), handler, Names.THROWN);
    }
    return protectsAny;
  }
}
