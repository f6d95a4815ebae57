package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What optimized code is made with: facts about a whole function, found by reading it once before
/// its first instruction is written.
final class FunctionAnalysis {
  private static final BitSet NO_LOCALS = new BitSet();

  private final BitSet read = new BitSet();
  private final BitSet written = new BitSet();
  private final Map<Integer, BitSet> writtenInLoops = new HashMap<>();
  private final int params;

  private FunctionAnalysis(int params) {
    this.params = params;
  }

  /// Analyses an own function.
  static FunctionAnalysis of(WasmModule module, int functionIndex) {
    FunctionAnalysis analysis =
        new FunctionAnalysis(module.signature(functionIndex).params().size());
    analysis.read(Sites.instructions(module, functionIndex));
    return analysis;
  }

  private void read(InstructionReader reader) {
    // For each open block the locals that are written in it so far, whatever it is.
    List<BitSet> open = new ArrayList<>();
    open.add(written);
    while (!reader.atEnd()) {
      switch (reader.next()) {
        case LOOP -> {
          BitSet inLoop = new BitSet();
          writtenInLoops.put(reader.position(), inLoop);
          open.add(inLoop);
        }
        case BLOCK, IF, TRY, TRY_TABLE -> open.add(open.getLast());
        case END, DELEGATE -> {
          BitSet inner = open.removeLast();
          if (!open.isEmpty()) {
            open.getLast().or(inner);
          }
        }
        case LOCAL_GET -> read.set(reader.index());
        case LOCAL_SET, LOCAL_TEE -> open.getLast().set(reader.index());
        default -> {}
      }
    }
  }

  /// {@return whether a local keeps the zero or null that it begins with}
  boolean isAlwaysZero(int local) {
    return local >= params && !written.get(local);
  }

  /// {@return whether no instruction reads a local}
  boolean isNeverRead(int local) {
    return !read.get(local);
  }

  /// {@return the locals that are written in a loop; none for other blocks}
  ///
  /// @param start module offset behind the loop's opcode and block type
  BitSet writtenInLoop(int start) {
    return writtenInLoops.getOrDefault(start, NO_LOCALS);
  }

  /// {@return whether an instruction ends a part of a block and begins another one}
  static boolean beginsArm(Opcode opcode) {
    return switch (opcode) {
      case ELSE, CATCH, CATCH_ALL -> true;
      default -> false;
    };
  }
}
