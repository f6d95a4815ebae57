package dev.cloister.engine.codegen;

/// The operands that are vector objects: their lanes, and how they become two longs and come back;
/// see [PackedPlan].
final class PackedOperands {
  private final MethodState state;
  private final OperandStack operands;
  private final BytecodeWriter writer;
  private final VectorWriter vectors;

  PackedOperands(MethodState state) {
    this.state = state;
    this.operands = state.operands;
    this.writer = state.writer;
    this.vectors = state.vectors;
  }

  /// Gives the two vector objects below the top operand the same lanes, and puts all three on the
  /// JVM stack.
  void alignSelected() {
    state.deferTop(3);
    state.flushBelow(3);
    state.writeVector(2, LaneType.BYTE);
    state.writeVector(1, LaneType.BYTE);
    state.writeDeferred(0);
    state.pop(3);
    state.pushOnStack(JvmKind.PACKED);
    state.pushOnStack(JvmKind.PACKED);
    state.pushOnStack(JvmKind.INT);
  }

  /// {@return the lanes of the lowest of the top operands that is a vector object and no constant}
  LaneType lanes(int count) {
    for (int i = operands.size() - count; i < operands.size(); i++) {
      if (operands.kind(i) == JvmKind.PACKED && operands.place(i) != OperandStack.CONSTANT) {
        return operands.lanes(i);
      }
    }
    return LaneType.BYTE;
  }

  /// {@return whether the two operands on top are in the same variable, so that they are one
  /// vector}
  boolean areOne() {
    int top = operands.size() - 1;
    return operands.place(top) == OperandStack.LOCAL
        && operands.place(top - 1) == OperandStack.LOCAL
        && operands.slot(top) == operands.slot(top - 1);
  }

  /// {@return whether there is an operand in the current frame that is a vector object}
  ///
  /// @param depth where it is, counted from the top
  boolean isVector(int depth) {
    int index = operands.size() - 1 - depth;
    return index >= state.current().height && operands.kind(index) == JvmKind.PACKED;
  }

  /// Makes two longs of each vector object among the top operands, for instructions that take them
  /// so.
  void unpack(int count) {
    boolean hasAny = false;
    for (int i = operands.size() - count; i < operands.size(); i++) {
      hasAny |= operands.kind(i) == JvmKind.PACKED;
    }
    if (!hasAny) {
      return;
    }
    state.deferTop(count);
    for (int i = operands.size() - count; i < operands.size(); i++) {
      if (operands.kind(i) != JvmKind.PACKED) {
        continue;
      }
      if (operands.place(i) == OperandStack.CONSTANT) {
        operands.setKind(i, JvmKind.V128);
      } else {
        int slot = state.nextFreeSlot();
        state.writeDeferred(operands.size() - 1 - i);
        vectors.unpack(slot);
        operands.setHalves(i, slot);
      }
    }
  }

  /// Makes objects of the vectors that an instruction has pushed as two longs.
  ///
  /// @param from the index of its first result
  void pack(int from) {
    int top = operands.size() - 1;
    if (from == top && isOnStack(top) && operands.kind(top) == JvmKind.V128) {
      vectors.pack(state.scratchValue, state.scratchOther);
      state.pop();
      state.pushOnStack(JvmKind.PACKED);
      operands.setLanes(top, LaneType.LONG);
      return;
    }
    boolean hasAny = false;
    for (int i = from; i <= top; i++) {
      hasAny |= operands.kind(i) == JvmKind.V128;
    }
    if (!hasAny) {
      return;
    }
    state.deferTop(operands.size() - from);
    for (int i = from; i <= top; i++) {
      if (operands.kind(i) != JvmKind.V128) {
        continue;
      }
      if (operands.place(i) == OperandStack.CONSTANT) {
        operands.setKind(i, JvmKind.PACKED);
      } else {
        int slot = state.nextFreeSlot();
        vectors.load(operands.slot(i));
        writer.store(JvmKind.PACKED, slot);
        operands.setPacked(i, slot);
        operands.setLanes(i, LaneType.LONG);
      }
    }
  }

  private boolean isOnStack(int index) {
    return operands.place(index) == OperandStack.ON_STACK;
  }
}
