package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which locals are known to be addresses in memory 0, and how far behind them it surely reaches.
///
/// An access that did not trap says that its address is in bounds, and memories never shrink. So an
/// access of the same local, not written in between, needs no check of its own as far as it does
/// not reach further.
final class CheckedAddresses {
  /*
   * The facts hold at the instruction that is written now; they are found in the order in which
   * code is written, which is that of the text. What holds where a block is entered dominates all
   * that follows the block, so at its end that is left, less the locals that the block writes.
   * Where a branch to the end was not written, the end is only reached from the last instruction,
   * and what holds there goes on to hold. In a loop only those facts hold from the beginning whose
   * locals no turn writes, which takes an analysis beforehand.
   */
  /// More facts than this are not kept: each block copies them.
  private static final int MAX_FACTS = 64;

  private static final class OpenBlock {
    final Map<Integer, Integer> atEntry;
    final BitSet written = new BitSet();

    OpenBlock(Map<Integer, Integer> atEntry) {
      this.atEntry = atEntry;
    }
  }

  private final FunctionAnalysis analysis;
  private final List<OpenBlock> open = new ArrayList<>();

  /// For a local, the greatest offset from its address of which the byte is known to be in bounds.
  private Map<Integer, Integer> facts = new HashMap<>();

  CheckedAddresses(FunctionAnalysis analysis) {
    this.analysis = analysis;
  }

  /// {@return the greatest offset from the address in a local of which the byte is known to be in
  /// bounds, or -1}
  int reach(int local) {
    return facts.getOrDefault(local, -1);
  }

  /// Notes that an access did not trap.
  ///
  /// @param last the offset of its last byte from the address in a local
  void access(int local, int last) {
    if (facts.size() < MAX_FACTS || facts.containsKey(local)) {
      facts.merge(local, last, Math::max);
    }
  }

  /// Notes that a local is written.
  void write(int local) {
    facts.remove(local);
    if (!open.isEmpty()) {
      open.getLast().written.set(local);
    }
  }

  /// Notes that a block was opened.
  ///
  /// @param start module offset behind its opcode and block type
  void enter(int start) {
    BitSet changing = analysis.writtenInLoop(start);
    facts.keySet().removeIf(changing::get);
    open.add(new OpenBlock(new HashMap<>(facts)));
  }

  /// Notes that another arm of the innermost block begins.
  void nextArm() {
    facts = atEntry(open.getLast());
  }

  /// Notes that the innermost block was closed.
  ///
  /// @param isReachedByFallThroughOnly whether control only comes from the instruction before
  void leave(boolean isReachedByFallThroughOnly) {
    OpenBlock block = open.removeLast();
    if (!isReachedByFallThroughOnly) {
      facts = atEntry(block);
    }
    if (!open.isEmpty()) {
      open.getLast().written.or(block.written);
    }
  }

  private static Map<Integer, Integer> atEntry(OpenBlock block) {
    Map<Integer, Integer> left = new HashMap<>(block.atEntry);
    left.keySet().removeIf(block.written::get);
    return left;
  }
}
