package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;

/// An open block, loop, `if` or the function itself during code generation.
///
/// Where control flow meets, the JVM stack is empty and the values that a label takes are in local
/// variables that were reserved when the block was entered. So frames have no stack, and the JIT
/// can enter loops in the middle of a run, for which it needs an empty stack at their heads.
final class ControlFrame {
  enum Kind {
    FUNCTION,
    BLOCK,
    LOOP,
    IF,
    ELSE,
    /** A `try_table`, or a `try` before its first clause. */
    TRY,
    /** The clauses of a `try`, or what the end of a `try_table` does with an exception. */
    CATCH,
    /** What stands for the frame around a region in the method of the region. */
    REGION
  }

  /// An operand that was deferred when an `if` was entered, to begin its `else` with.
  record Parameter(byte place, JvmKind kind, long value, long high) {}

  /// A local of the function that is read from a copy until the frame ends.
  ///
  /// @param outer the copy that it was read from before, or null
  record Alias(int local, int copySlot, @Nullable Alias outer) {}

  Kind kind;

  /// The number of frames around it.
  final int index;

  /// The number of operands below the block's parameters.
  final int height;

  /// A letter of [JvmKind] for each result.
  final String results;

  /// Where branches to the end leave the results.
  final int[] resultSlots;

  /// The letters of what a branch to this frame's label takes: parameters of a loop, else results.
  String branchKinds;

  /// Where a branch to this frame's label leaves its values.
  int[] branchSlots;

  /// The target of branches: the head of a loop, else the end.
  final Label label = new Label();

  /// Where the condition of an `if` jumps to if it is false.
  final Label elseLabel = new Label();

  /// Whether a branch to the end was emitted.
  boolean isTargeted;

  /// Whether a big switch jumps to the end: the code behind it gets opaque copies of its locals.
  boolean isCaseLabel;

  /// The first local variable that is free for temporaries in this frame.
  int firstFreeSlot;

  /// The form of a loop that is counted.
  @Nullable CountedLoop counted;

  /// Where a counted loop keeps the number of trips and, next to it, that of trips done.
  int counterSlot = -1;

  /// Where a counted loop computes its number of trips.
  final Label outerLabel = new Label();

  /// Whether a counted loop computes its number of trips at the target of branches; its turns then
  /// begin at [#turnLabel].
  boolean isStripped;

  /// Where a turn begins of a loop that is counted in strips.
  final Label turnLabel = new Label();

  /// The catch clauses of a `try_table`.
  List<ExceptionEmitter.Clause> clauses = List.of();

  /// The code of a block whose exceptions are caught.
  @Nullable Protection protection;

  /// Where a block keeps the exception that it caught, or -1.
  int caughtSlot = -1;

  /// Where a clause of a `try` sends what it does not catch, or null after `catch_all`.
  @Nullable Label nextClause;

  /// The parameters of an `if`.
  @Nullable List<Parameter> parameters;

  /// The aliases that were made in this frame.
  final List<Alias> aliases = new ArrayList<>(0);

  ControlFrame(
      Kind kind, int index, int height, String results, int[] resultSlots, int firstFreeSlot) {
    this.kind = kind;
    this.index = index;
    this.height = height;
    this.results = results;
    this.resultSlots = resultSlots;
    this.branchKinds = results;
    this.branchSlots = resultSlots;
    this.firstFreeSlot = firstFreeSlot;
  }
}
