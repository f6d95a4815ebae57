package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A loop that ends in `i += step; if (i != limit) continue`, with a step of a power of two.
///
/// @param local `i`, which only the end of the loop writes
/// @param step plus or minus a power of two, at least 2 in size
/// @param limitLocal the local with the limit, which the loop does not write, or -1
/// @param limit the limit if it is a constant
/// @param tail module offset of the first instruction of the end
record CountedLoop(int local, int step, int limitLocal, int limit, int tail) {
  /*
   * Clang turns most loops over arrays into this form, and C2 does not see that they are counted:
   * `!=` is a loop bound for it only with a step of one. With an exact counter beside it,
   *
   *   outer: trips = (limit - i) >>> log2(step); t = 0;
   *   head:  body; i += step;
   *          if (++t < trips) goto head;
   *          if (i != limit) goto outer;
   *
   * the inner loop is counted, and bounds checks leave it. This holds for all inputs: i is always
   * its first value plus t steps, so it cannot be the limit while t is less than trips; where the
   * distance is no multiple of the step, or the sum wraps round, the outer jump starts again. A
   * branch to the head from the middle changes neither i nor t.
   */
  static final int TAIL_INSTRUCTIONS = 7;

  /// {@return the binary logarithm of the size of the step}
  int shift() {
    return Integer.numberOfTrailingZeros(step);
  }

  /// {@return the loops of this form in a function, by the module offset behind the loop's opcode
  /// and block type}
  static Map<Integer, CountedLoop> find(WasmModule module, int functionIndex, int localCount) {
    return new Finder(Sites.instructions(module, functionIndex), localCount).run();
  }

  /// @param writes the number of writes of locals before it
  private record OpenBlock(boolean isLoop, int start, int writes) {}

  /// Reads a body once and keeps the last instructions in view.
  private static final class Finder {
    private final InstructionReader reader;
    private final List<OpenBlock> open = new ArrayList<>();

    /// The number of writes so far, and for each local which of them were the last two, from 1.
    private int writes;

    private final int[] lastWrites;
    private final int[] writesBefore;

    private final Map<Integer, CountedLoop> found = new HashMap<>();
    private final Opcode[] opcodes = new Opcode[TAIL_INSTRUCTIONS];
    private final int[] immediates = new int[TAIL_INSTRUCTIONS];
    private final int[] offsets = new int[TAIL_INSTRUCTIONS];

    Finder(InstructionReader reader, int localCount) {
      this.reader = reader;
      lastWrites = new int[localCount];
      writesBefore = new int[localCount];
      Arrays.fill(opcodes, Opcode.NOP);
    }

    Map<Integer, CountedLoop> run() {
      while (!reader.atEnd()) {
        int offset = reader.position();
        Opcode opcode = reader.next();
        switch (opcode) {
          case LOOP -> open(/* isLoop= */ true);
          case BLOCK, IF, TRY, TRY_TABLE -> open(/* isLoop= */ false);
          case END, DELEGATE -> close();
          case LOCAL_SET, LOCAL_TEE -> write(reader.index());
          default -> {}
        }
        remember(opcode, offset);
      }
      return found;
    }

    private void open(boolean isLoop) {
      open.add(new OpenBlock(isLoop, reader.position(), writes));
    }

    private void close() {
      if (open.isEmpty()) {
        return;
      }
      OpenBlock block = open.removeLast();
      if (block.isLoop) {
        match(block);
      }
    }

    private void write(int local) {
      writesBefore[local] = lastWrites[local];
      lastWrites[local] = ++writes;
    }

    private void remember(Opcode opcode, int offset) {
      System.arraycopy(opcodes, 1, opcodes, 0, TAIL_INSTRUCTIONS - 1);
      System.arraycopy(immediates, 1, immediates, 0, TAIL_INSTRUCTIONS - 1);
      System.arraycopy(offsets, 1, offsets, 0, TAIL_INSTRUCTIONS - 1);
      opcodes[TAIL_INSTRUCTIONS - 1] = opcode;
      immediates[TAIL_INSTRUCTIONS - 1] =
          opcode == Opcode.I32_CONST ? reader.i32Const() : reader.index();
      offsets[TAIL_INSTRUCTIONS - 1] = offset;
    }

    private void match(OpenBlock loop) {
      boolean hasConstantLimit = opcodes[4] == Opcode.I32_CONST;
      if (opcodes[0] != Opcode.LOCAL_GET
          || opcodes[1] != Opcode.I32_CONST
          || opcodes[2] != Opcode.I32_ADD
          || opcodes[3] != Opcode.LOCAL_TEE
          || immediates[3] != immediates[0]
          || !(hasConstantLimit || opcodes[4] == Opcode.LOCAL_GET)
          || opcodes[5] != Opcode.I32_NE
          || opcodes[6] != Opcode.BR_IF
          || immediates[6] != 0) {
        return;
      }
      int local = immediates[0];
      int step = immediates[1];
      int size = Math.abs(step);
      boolean isPowerOfTwo = size >= 2 && Integer.bitCount(size) == 1;
      int limit = immediates[4];
      if (isPowerOfTwo
          && writesBefore[local] <= loop.writes
          && (hasConstantLimit || (limit != local && lastWrites[limit] <= loop.writes))) {
        found.put(
            loop.start,
            new CountedLoop(
                local,
                step,
                hasConstantLimit ? -1 : limit,
                hasConstantLimit ? limit : 0,
                offsets[0]));
      }
    }
  }
}
