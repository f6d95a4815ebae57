package dev.cloister.engine.codegen;

import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// Writes `select`.
final class SelectEmitter {
  /*
   * V8 makes a conditional move of every select. C2 makes one of a branch only if both outcomes are
   * frequent and the arms are trivial: it first moves what is needed in one arm only into that arm,
   * and then takes two instructions in an arm for too many, at any ConditionalMoveLimit. What
   * compilers make selects of, however, is often unpredictable, and each misprediction costs some
   * fifteen cycles.
   *
   * So where an operand is the result of an instruction, the select is arithmetic, which cannot be
   * moved: `b ^ ((a ^ b) & mask)`; also where the condition is not a comparison. Otherwise, with
   * variables, constants and selects, C2 has nothing to move and is left to decide by its profile.
   *
   * The lesser or greater of two variables is a method of the JDK that C2 always makes a
   * conditional move of. It is recognised by where the operands come from. Of a variable and a
   * constant it stays a branch: these are limits that are seldom reached, as the least number of
   * turns of a loop.
   *
   * The mask depends on what the condition is: the sign of a difference, a bit moved to the top and
   * spread over all others, a 1 negated. Where the inverse takes less, the operands are swapped.
   */
  /// Whether a half of a vector is the high one, in the order in which they are written.
  private static final boolean[] HALVES = {false, true};

  private final MethodState state;
  private final BytecodeWriter writer;

  SelectEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes the instruction.
  void emit() {
    switch (state.peek(1)) {
      case V128 -> selectVector();
      case INT -> selectInteger(/* isLong= */ false);
      case LONG -> selectInteger(/* isLong= */ true);
      case PACKED -> {
        state.vectorOperands.alignSelected();
        branch();
      }
      default -> branch();
    }
  }

  private void selectInteger(boolean isLong) {
    int top = state.operands.size() - 1;
    boolean isTruth = state.operands.isTruth(top - 1) && state.operands.isTruth(top - 2);
    // A condition that is a number may be what another branch chose; then C2 joins the branches.
    boolean isComparison =
        state.operands.place(top) == OperandStack.CONDITION
            && Conditions.isComparison(state.operands.opcode(top));
    if (!isComparison) {
      mask(isLong);
    } else if (!choose(isLong)) {
      if (state.operands.isComputed(top - 1) || state.operands.isComputed(top - 2)) {
        mask(isLong);
      } else {
        branch();
      }
    }
    state.operands.markChosen(isTruth);
  }

  /// Writes a select of the lesser or greater one of two integers in variables, if it is one.
  ///
  /// @return whether it is
  private boolean choose(boolean isLong) {
    int top = state.operands.size() - 1;
    long first = state.operands.origin(top - 2);
    long second = state.operands.origin(top - 1);
    long left = state.operands.origin(top);
    long right = state.operands.secondOrigin(top);
    boolean isSwapped = first == right && second == left;
    if (first == 0 || second == 0 || !(isSwapped || (first == left && second == right))) {
      return false;
    }
    Conditions.Extreme extreme = Conditions.extreme(state.operands.opcode(top), isSwapped);
    if (extreme == null || (extreme.kind() == JvmKind.LONG) != isLong) {
      return false;
    }
    state.flushBelow(1);
    writer.insn(Opcodes.POP2);
    if (isLong) {
      writer.insn(Opcodes.POP2);
    }
    String kinds = isLong ? "(JJ)J" : "(II)I";
    writer.invokestatic(extreme.owner(), extreme.name(), kinds);
    state.pop(2);
    return true;
  }

  private void mask(boolean isLong) {
    boolean isInverse = writeMask();
    writer.store(JvmKind.INT, state.scratchAddress);
    if (isInverse) {
      writer.insn(isLong ? Opcodes.DUP2_X2 : Opcodes.SWAP);
      if (isLong) {
        writer.insn(Opcodes.POP2);
      }
    }
    writer.insn(isLong ? Opcodes.DUP2_X2 : Opcodes.DUP_X1);
    writer.insn(isLong ? Opcodes.LXOR : Opcodes.IXOR);
    writer.load(JvmKind.INT, state.scratchAddress);
    if (isLong) {
      writer.insn(Opcodes.I2L);
    }
    writer.insn(isLong ? Opcodes.LAND : Opcodes.IAND);
    writer.insn(isLong ? Opcodes.LXOR : Opcodes.IXOR);
    state.pop(2);
  }

  /// Writes the condition as all ones or 0.
  ///
  /// @return whether it is 0 where the condition holds
  private boolean writeMask() {
    int top = state.operands.size() - 1;
    boolean isTruth = state.operands.isTruth(top);
    if (state.operands.place(top) == OperandStack.CONDITION) {
      int condition = state.operands.opcode(top);
      state.flushBelow(1);
      if (Conditions.writeMask(writer, condition)) {
        return Conditions.isMaskInverse(condition);
      }
    }
    state.flush();
    if (isTruth) {
      writer.insn(Opcodes.INEG);
    } else {
      writer.invokestatic(Names.MASKS, "eq", "(I)I");
    }
    return !isTruth;
  }

  private void branch() {
    JvmKind kind = state.peek(1);
    state.flushBelow(1);
    int jump = state.takeCondition();
    Label first = new Label();
    Label end = new Label();
    writer.jump(jump, first);
    if (kind.slots() == 2) {
      writer.insn(Opcodes.DUP2_X2);
      writer.insn(Opcodes.POP2);
    } else {
      writer.insn(Opcodes.SWAP);
    }
    writer.pop(kind);
    writer.jump(Opcodes.GOTO, end);
    state.writeLabel(first);
    writer.pop(kind);
    state.pop();
    state.writeLabel(end);
  }

  /// Two vectors cannot be swapped on the JVM stack, so each half is chosen by itself.
  private void selectVector() {
    state.deferTop(3);
    for (boolean isHigh : HALVES) {
      state.writeDeferredHalf(2, isHigh);
      state.writeDeferredHalf(1, isHigh);
      state.writeDeferred(0);
      writer.invokestatic(Names.V128_OPS, "select", "(JJI)J");
    }
    state.pop(3);
    state.pushVector();
  }
}
