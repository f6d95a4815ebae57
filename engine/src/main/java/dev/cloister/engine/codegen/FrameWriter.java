package dev.cloister.engine.codegen;

import java.util.Arrays;
import java.util.List;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// Places labels with the stack map frames of one JVM method: what its variables and its stack hold
/// where it is jumped to.
final class FrameWriter {
  private final BytecodeWriter writer;
  private final OperandStack operands;
  private final Temporaries temporaries;
  private final int fixedLength;

  /// The entries of local variables; those of the variables that every method has never change.
  private Object[] locals;

  private Object[] stack = new Object[16];

  /// @param fixed the entries of all variables before the temporaries
  FrameWriter(
      BytecodeWriter writer, OperandStack operands, Temporaries temporaries, List<Object> fixed) {
    this.writer = writer;
    this.operands = operands;
    this.temporaries = temporaries;
    this.fixedLength = fixed.size();
    this.locals = fixed.toArray(new Object[fixedLength + 64]);
  }

  /// Places a label where only the first variables hold something, and nothing is on the stack.
  ///
  /// @param count the number of entries of these variables
  void writeStart(Label label, int count) {
    writer.labelWithFrame(label, count, locals, 0, stack);
  }

  /// Places a label to which the JVM goes with an exception; the current frame has no operands.
  void writeHandler(Label label) {
    stack[0] = Names.THROWN;
    writer.labelWithFrame(label, collectLocals(), locals, 1, stack);
  }

  /// Places a label that is jumped to.
  ///
  /// @param stackStart the index of the first operand on the JVM stack
  /// @param stackEnd operands up to this index are on the JVM stack
  /// @param extraInt whether an int lies on top of them
  void write(Label label, int stackStart, int stackEnd, boolean extraInt) {
    int stackCount = 0;
    int needed = 2 * Math.max(0, stackEnd - stackStart) + 1;
    if (stack.length < needed) {
      stack = new Object[needed * 2];
    }
    for (int i = stackStart; i < stackEnd; i++) {
      JvmKind kind = operands.kind(i);
      stack[stackCount++] = kind.frameType();
      if (kind == JvmKind.V128) {
        stack[stackCount++] = kind.frameType();
      }
    }
    if (extraInt) {
      stack[stackCount++] = Opcodes.INTEGER;
    }
    writer.labelWithFrame(label, collectLocals(), locals, stackCount, stack);
  }

  /// Collects the types of all local variables that are needed from here on.
  private int collectLocals() {
    int needed = fixedLength + temporaries.end() - temporaries.first();
    if (locals.length < needed) {
      locals = Arrays.copyOf(locals, needed * 2);
    }
    int end = temporaries.copyTo(locals, fixedLength);
    while (end > 0 && Opcodes.TOP.equals(locals[end - 1])) {
      end--;
    }
    return end;
  }
}
