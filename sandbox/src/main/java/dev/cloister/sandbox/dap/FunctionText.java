package dev.cloister.sandbox.dap;

import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.module.InstructionText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The instructions of a function as a source text: one line for each, below a line with its name.
final class FunctionText {
  /// The most instructions that are shown.
  private static final int MAX_LINES = 200_000;

  private final DebugModule module;
  private final int functionIndex;
  private final List<InstructionText> instructions;

  private FunctionText(DebugModule module, int functionIndex, List<InstructionText> instructions) {
    this.module = module;
    this.functionIndex = functionIndex;
    this.instructions = instructions;
  }

  /// Disassembles an own function of a module.
  static FunctionText of(DebugModule module, int functionIndex) {
    List<InstructionText> all = module.module().disassemble(functionIndex);
    return new FunctionText(
        module, functionIndex, all.size() <= MAX_LINES ? all : all.subList(0, MAX_LINES));
  }

  DebugModule module() {
    return module;
  }

  /// Returns the name of the function, or its index.
  String name() {
    @Nullable String name = module.module().functionName(functionIndex);
    return name == null ? "func[" + functionIndex + "]" : name;
  }

  /// Returns what the text is called.
  String path() {
    return module.scriptUrl() + "/" + functionIndex + ".wat";
  }

  /// Returns the text.
  String text() {
    StringBuilder text = new StringBuilder(";; ").append(name()).append('\n');
    for (InstructionText instruction : instructions) {
      text.append("0x%06x  %s%n".formatted(instruction.offset(), instruction.text()));
    }
    return text.toString();
  }

  /// Returns the line of the instruction at a module offset, from 1.
  int lineOf(int offset) {
    int low = 0;
    int high = instructions.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (instructions.get(middle).offset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low + 2;
  }

  /// Returns the module offset of the instruction in a line, or -1 if there is none.
  int offsetOf(int line) {
    int index = Math.max(line - 2, 0);
    return index < instructions.size() ? instructions.get(index).offset() : -1;
  }

  /// Returns how many lines there are.
  int lineCount() {
    return instructions.size() + 1;
  }
}
