package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.util.IntVector;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Where debuggable code can be stopped: before all instructions but those that only delimit.
///
/// Nothing is kept for it; the bodies are read.
public final class DebugPositions {
  private DebugPositions() {}

  /// {@return module offset of the first position at or behind `offset` in the same function, or -1
  /// if there is none} Offsets between two functions belong to the next one.
  public static int atOrBehind(WasmModule module, long offset) {
    int function = functionAt(module, offset);
    if (function < 0) {
      return -1;
    }
    InstructionReader reader = Sites.instructions(module, function);
    while (!reader.atEnd()) {
      if (DebugEmitter.isPosition(reader.next()) && reader.offset() >= offset) {
        return reader.offset();
      }
    }
    return -1;
  }

  /// {@return module offsets of the positions from `start` to before `end`, in order}
  ///
  /// @param most how many at most
  public static int[] between(WasmModule module, long start, long end, int most) {
    IntVector found = new IntVector();
    int first = functionAt(module, start);
    for (int i = first; i >= 0 && i < module.functionCount(); i++) {
      if (module.bodyOffset(i) >= end) {
        break;
      }
      InstructionReader reader = Sites.instructions(module, i);
      while (!reader.atEnd() && found.size() < most) {
        if (DebugEmitter.isPosition(reader.next())
            && reader.offset() >= start
            && reader.offset() < end) {
          found.add(reader.offset());
        }
      }
    }
    return found.toArray();
  }

  /// {@return positions as debuggable code looks them up: for each function that has some, a bit
  /// for each byte of its body up to the last of them}
  ///
  /// @param offsets module offsets of positions
  public static Map<Integer, long[]> byFunction(WasmModule module, Set<Integer> offsets) {
    Map<Integer, BitSet> found = new HashMap<>();
    for (int offset : offsets) {
      int function = functionAt(module, offset);
      if (function >= 0) {
        found
            .computeIfAbsent(function, _ -> new BitSet())
            .set(offset - module.bodyOffset(function));
      }
    }
    Map<Integer, long[]> positions = new HashMap<>();
    found.forEach((function, set) -> positions.put(function, set.toLongArray()));
    return positions;
  }

  /// {@return the own function whose body ends behind an offset, or -1 if there is none}
  public static int functionAt(WasmModule module, long offset) {
    int low = module.importedFunctionCount();
    int high = module.functionCount();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (module.bodyEnd(middle) <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < module.functionCount() ? low : -1;
  }
}
