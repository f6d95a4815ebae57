package dev.cloister.engine.codegen;

import dev.cloister.engine.module.WasmModule;
import java.util.Map;

/// A loop that goes on while `i + offset` is on one side of a limit, where each turn adds a
/// constant to `i`, and that has no other branches back than ones that leave `i` as it is.
///
/// @param local `i`
/// @param offset what is added to what `i` was at the loop's head, before any turn, for comparing
/// @param step what a turn adds to `i`, not 0
/// @param relation how the sum must compare with the limit for the loop to go on
/// @param limitLocal a local that the loop does not write and that is a summand of the limit, or -1
/// @param limit the other summand
/// @param branch module offset of the `br_if` that goes back
record CountedLoop(
    int local, int offset, int step, Relation relation, int limitLocal, int limit, int branch) {
  /*
   * Clang turns most loops over arrays into such forms, and C2 does not see that they are counted:
   * `!=` is a loop bound for it only with a step of one, and an unsigned comparison never is. With
   * an exact counter beside it,
   *
   *   outer: trips = as many turns as the loop surely takes; t = 0;
   *   head:  body;
   *          if (++t < trips) goto head;
   *          if (i + offset compares with limit) goto outer;
   *
   * the inner loop is counted, bounds checks leave it, and so does the poll of the JVM. Each
   * further turn of the inner loop is one that the guest's own condition allows, since
   *
   *   !=  trips = (limit - i) / step: the sum has not come to the limit before;
   *   <   trips = (limit - i - 1) / step + 1 if i < limit, else 0: the sum is below the limit and
   *       has not wrapped round before, so that each turn less is below it as well;
   *
   * and so on for the others, all unsigned, with i + offset for i. In all other cases, be it that
   * the sum passes the limit or wraps round, the guest's condition decides, and the outer jump
   * starts again. More than 2^31 trips are a negative number, for which that is right as well.
   */

  /// How two numbers compare. Signed comparisons are missing, because C2 counts these loops itself.
  enum Relation {
    NOT_EQUAL,
    BELOW,
    BELOW_OR_EQUAL,
    ABOVE,
    ABOVE_OR_EQUAL;

    /// {@return the relation of the second number to the first one}
    Relation mirrored() {
      return switch (this) {
        case NOT_EQUAL -> NOT_EQUAL;
        case BELOW -> ABOVE;
        case BELOW_OR_EQUAL -> ABOVE_OR_EQUAL;
        case ABOVE -> BELOW;
        case ABOVE_OR_EQUAL -> BELOW_OR_EQUAL;
      };
    }

    /// {@return whether a loop that goes on while this holds ends by adding `step` again and again,
    /// and gains something from being counted}
    boolean isCountedBy(int step) {
      return switch (this) {
        case NOT_EQUAL -> step > 1 || (step < -1 && step > Integer.MIN_VALUE);
        case BELOW, BELOW_OR_EQUAL -> step > 0;
        case ABOVE, ABOVE_OR_EQUAL -> step < 0 && step > Integer.MIN_VALUE;
      };
    }
  }

  /// {@return the size of the step, as an unsigned number}
  int stepSize() {
    return Math.abs(step);
  }

  /// {@return the loops of this form in a function, by the module offset behind the loop's opcode
  /// and block type}
  static Map<Integer, CountedLoop> find(WasmModule module, int functionIndex, int localCount) {
    return new CountedLoopFinder(Sites.instructions(module, functionIndex), localCount).run();
  }
}
