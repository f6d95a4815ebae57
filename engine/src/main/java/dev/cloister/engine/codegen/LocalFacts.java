package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What is known of the values that locals have: which are addresses in memory 0, how far behind
/// them it surely reaches, and which are 0 or 1.
///
/// An access that did not trap says that its address is in bounds, and memories never shrink. So an
/// access of the same local, not written in between, needs no check of its own as far as it does
/// not reach further. What a comparison left makes a mask by its negation.
final class LocalFacts {
  /*
   * The facts hold at the instruction that is written now; they are found in the order in which
   * code is written, which is that of the text. What holds where a block is entered dominates all
   * that follows the block, so at its end that is left, less the locals that the block writes.
   * Where a branch to the end was not written, the end is only reached from the last instruction,
   * and what holds there goes on to hold. In a loop only those facts hold from the beginning whose
   * locals no turn writes, which takes an analysis beforehand.
   */
  /// More addresses than this are not kept: each block copies them.
  private static final int MAX_ADDRESSES = 64;

  private static final class OpenBlock {
    final Map<Integer, Integer> reaches;
    final BitSet truths;
    final BitSet written = new BitSet();

    OpenBlock(Map<Integer, Integer> reaches, BitSet truths) {
      this.reaches = reaches;
      this.truths = truths;
    }
  }

  private final FunctionAnalysis analysis;
  private final List<OpenBlock> open = new ArrayList<>();

  /// For a local, the greatest offset from its address of which the byte is known to be in bounds.
  private Map<Integer, Integer> reaches = new HashMap<>();

  /// The locals that are 0 or 1.
  private BitSet truths = new BitSet();

  /// The number of writes of locals in the text so far.
  private int writes;

  /// For a local, the number of its last write.
  private final Map<Integer, Integer> lastWrites = new HashMap<>();

  LocalFacts(FunctionAnalysis analysis) {
    this.analysis = analysis;
  }

  /// {@return the greatest offset from the address in a local of which the byte is known to be in
  /// bounds, or -1}
  int reach(int local) {
    return reaches.getOrDefault(local, -1);
  }

  /// Notes that an access did not trap.
  ///
  /// @param last the offset of its last byte from the address in a local
  void access(int local, int last) {
    if (reaches.size() < MAX_ADDRESSES || reaches.containsKey(local)) {
      reaches.merge(local, last, Math::max);
    }
  }

  /// {@return the number of the write in the text before which a local had its value, the same for
  /// two reads without a write in between}
  int lastWrite(int local) {
    return lastWrites.getOrDefault(local, 0);
  }

  /// {@return whether a local is known to be 0 or 1}
  boolean isTruth(int local) {
    return truths.get(local);
  }

  /// Notes that what was just written to a local is 0 or 1.
  void writeTruth(int local) {
    truths.set(local);
  }

  /// Notes that a local is written.
  void write(int local) {
    reaches.remove(local);
    truths.clear(local);
    lastWrites.put(local, ++writes);
    if (!open.isEmpty()) {
      open.getLast().written.set(local);
    }
  }

  /// Notes that a block was opened.
  ///
  /// @param start module offset behind its opcode and block type
  void enter(int start) {
    BitSet changing = analysis.writtenInLoop(start);
    reaches.keySet().removeIf(changing::get);
    truths.andNot(changing);
    open.add(new OpenBlock(new HashMap<>(reaches), (BitSet) truths.clone()));
  }

  /// Notes that another arm of the innermost block begins.
  void nextArm() {
    takeEntry(open.getLast());
  }

  /// Notes that the innermost block was closed.
  ///
  /// @param isReachedByFallThroughOnly whether control only comes from the instruction before
  void leave(boolean isReachedByFallThroughOnly) {
    OpenBlock block = open.removeLast();
    if (!isReachedByFallThroughOnly) {
      takeEntry(block);
    }
    if (!open.isEmpty()) {
      open.getLast().written.or(block.written);
    }
  }

  /// What held where a block was entered, less the locals that it has written, holds now.
  private void takeEntry(OpenBlock block) {
    reaches = new HashMap<>(block.reaches);
    reaches.keySet().removeIf(block.written::get);
    truths = (BitSet) block.truths.clone();
    truths.andNot(block.written);
  }
}
