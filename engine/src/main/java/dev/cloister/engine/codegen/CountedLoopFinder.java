package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.CountedLoop.Relation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds the counted loops of a function by reading its body once.
///
/// It follows what locals are in terms of what they were at the head of the innermost loop: such a
/// local plus a constant, a constant, or unknown. After a block, what is written in it is unknown.
final class CountedLoopFinder {
  /// A value of which nothing is known. Others have in the upper half the local that they had at
  /// the loop's head, plus 1, or 0 if they are constants, and in the lower half what is added to
  /// it.
  private static final long UNKNOWN = -1;

  /// As many operands are followed; more are forgotten, the oldest first.
  private static final int STACK = 8;

  private static final class Block {
    final boolean isLoop;

    /// Module offset behind the opcode and block type.
    final int start;

    /// The number of writes of locals before it.
    final int writes;

    /// What tells the arm of the block that is open from all other arms.
    int arm;

    /// The number of writes of locals before the last branch to the head that is not `counted`, or
    /// -1 if there is none.
    int lastBranch = -1;

    /// The loop as it looks at the branch back, of which is still to be seen whether its limit is
    /// written behind it.
    @Nullable CountedLoop counted;

    Block(boolean isLoop, int start, int writes, int arm) {
      this.isLoop = isLoop;
      this.start = start;
      this.writes = writes;
      this.arm = arm;
    }
  }

  private final InstructionReader reader;
  private final List<Block> open = new ArrayList<>();

  /// The loops among them.
  private final List<Block> loops = new ArrayList<>();

  private final Map<Integer, CountedLoop> found = new HashMap<>();
  private int arms;

  /// The number of writes so far, and for each local which of them were the last two, from 1.
  private int writes;

  private final int[] lastWrites;
  private final int[] writesBefore;

  /// For each local what was written last, and the place and arm of the block in which it was.
  private final long[] values;

  private final int[] depths;
  private final int[] blockArms;

  private final long[] stack = new long[STACK];
  private int height;

  /// The comparison that the last instruction made, and its operands.
  private @Nullable Relation relation;

  private long left;
  private long right;

  CountedLoopFinder(InstructionReader reader, int localCount) {
    this.reader = reader;
    lastWrites = new int[localCount];
    writesBefore = new int[localCount];
    values = new long[localCount];
    depths = new int[localCount];
    blockArms = new int[localCount];
  }

  Map<Integer, CountedLoop> run() {
    open(/* isLoop= */ false);
    while (!reader.atEnd()) {
      read(reader.next());
    }
    return found;
  }

  private void read(Opcode opcode) {
    Relation before = relation;
    relation = null;
    switch (opcode) {
      case LOCAL_GET -> push(valueOf(reader.index()));
      case LOCAL_SET -> write(reader.index(), pop());
      case LOCAL_TEE -> {
        long value = pop();
        write(reader.index(), value);
        push(value);
      }
      case I32_CONST -> push(Integer.toUnsignedLong(reader.i32Const()));
      case I32_ADD -> add();
      case I32_SUB -> subtract();
      case I32_NE -> compare(Relation.NOT_EQUAL);
      case I32_LT_U -> compare(Relation.BELOW);
      case I32_LE_U -> compare(Relation.BELOW_OR_EQUAL);
      case I32_GT_U -> compare(Relation.ABOVE);
      case I32_GE_U -> compare(Relation.ABOVE_OR_EQUAL);
      case BR_IF -> {
        if (before == null) {
          left = pop();
          right = 0;
        }
        branchIf(before == null ? Relation.NOT_EQUAL : before);
        height = 0;
      }
      default -> {
        height = 0;
        readControl(opcode);
      }
    }
  }

  private void readControl(Opcode opcode) {
    switch (opcode) {
      case LOOP -> open(/* isLoop= */ true);
      case BLOCK, IF, TRY -> open(/* isLoop= */ false);
      case TRY_TABLE -> {
        for (int i = 0; i < reader.catchCount(); i++) {
          noteBranch(reader.catchLabel(i));
        }
        open(/* isLoop= */ false);
      }
      case ELSE, CATCH, CATCH_ALL -> open.getLast().arm = ++arms;
      case END, DELEGATE -> close();
      case BR, BR_ON_NULL, BR_ON_NON_NULL, BR_ON_CAST, BR_ON_CAST_FAIL ->
          noteBranch(reader.index());
      case BR_TABLE -> {
        for (int i = 0; i <= reader.tableLength(); i++) {
          noteBranch(reader.tableLabel(i));
        }
      }
      default -> {}
    }
  }

  // Blocks.

  private void open(boolean isLoop) {
    Block block = new Block(isLoop, reader.position(), writes, ++arms);
    open.add(block);
    if (isLoop) {
      loops.add(block);
    }
  }

  private void close() {
    Block block = open.removeLast();
    if (block.isLoop) {
      loops.removeLast();
      CountedLoop loop = block.counted;
      if (loop != null && isCounted(block, loop)) {
        found.put(block.start, loop);
      }
    }
  }

  /*
   * The limit stays the same in the whole loop. Where there are other branches back, all of them
   * are before the one write of the index in the text, so control has not passed it on the way from
   * the head to them: it would have had to pass it in an inner loop, but then its value after that
   * would be unknown.
   */
  private boolean isCounted(Block block, CountedLoop loop) {
    boolean keepsLimit = loop.limitLocal() < 0 || lastWrites[loop.limitLocal()] <= block.writes;
    boolean keepsIndex =
        block.lastBranch < 0
            || (writesBefore[loop.local()] <= block.writes
                && lastWrites[loop.local()] > block.lastBranch);
    return keepsLimit && keepsIndex;
  }

  private @Nullable Block target(int depth) {
    int index = open.size() - 1 - depth;
    return index >= 0 ? open.get(index) : null;
  }

  private void noteBranch(int depth) {
    Block target = target(depth);
    if (target != null && target.isLoop) {
      target.lastBranch = writes;
    }
  }

  private void branchIf(Relation condition) {
    Block target = target(reader.index());
    if (target == null || !target.isLoop) {
      return;
    }
    CountedLoop loop = null;
    if (target.counted == null && target.equals(loops.getLast())) {
      loop = match(condition, left, right);
      if (loop == null) {
        loop = match(condition.mirrored(), right, left);
      }
    }
    if (loop == null) {
      target.lastBranch = writes;
    } else {
      target.counted = loop;
    }
  }

  /// {@return the loop that goes on while `sum` compares with `limit`, if that may be one}
  private @Nullable CountedLoop match(Relation condition, long sum, long limit) {
    int local = local(sum);
    if (local < 0 || limit == UNKNOWN) {
      return null;
    }
    long index = valueOf(local);
    int step = constant(index);
    if (local(index) != local || !condition.isCountedBy(step)) {
      return null;
    }
    return new CountedLoop(
        local,
        constant(sum) - step,
        step,
        condition,
        local(limit),
        constant(limit),
        reader.offset());
  }

  // Values.

  /// {@return the local that a value contains, or -1}
  private static int local(long value) {
    return value == UNKNOWN ? -1 : (int) (value >> 32) - 1;
  }

  private static int constant(long value) {
    return (int) value;
  }

  private static long sum(long value, int constant) {
    return (value & ~0xffff_ffffL) | Integer.toUnsignedLong((int) value + constant);
  }

  private long valueOf(int local) {
    if (loops.isEmpty()) {
      return UNKNOWN;
    }
    if (lastWrites[local] <= loops.getLast().writes) {
      return (long) (local + 1) << 32;
    }
    boolean isInOpenArm =
        depths[local] < open.size() && open.get(depths[local]).arm == blockArms[local];
    return isInOpenArm ? values[local] : UNKNOWN;
  }

  private void write(int local, long value) {
    writesBefore[local] = lastWrites[local];
    lastWrites[local] = ++writes;
    values[local] = value;
    depths[local] = open.size() - 1;
    blockArms[local] = open.getLast().arm;
  }

  private void push(long value) {
    if (height == STACK) {
      System.arraycopy(stack, 1, stack, 0, --height);
    }
    stack[height++] = value;
  }

  /// {@return the topmost operand; those below the ones that are followed are unknown}
  private long pop() {
    return height == 0 ? UNKNOWN : stack[--height];
  }

  private void add() {
    long second = pop();
    long first = pop();
    if (first == UNKNOWN || second == UNKNOWN) {
      push(UNKNOWN);
    } else if (local(second) < 0) {
      push(sum(first, constant(second)));
    } else {
      push(local(first) < 0 ? sum(second, constant(first)) : UNKNOWN);
    }
  }

  private void subtract() {
    long second = pop();
    long first = pop();
    boolean isConstant = second != UNKNOWN && local(second) < 0;
    push(isConstant && first != UNKNOWN ? sum(first, -constant(second)) : UNKNOWN);
  }

  private void compare(Relation by) {
    right = pop();
    left = pop();
    relation = by;
  }
}
