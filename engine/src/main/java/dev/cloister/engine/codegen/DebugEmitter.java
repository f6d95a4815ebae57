package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// Writes what debuggable code has besides: its [dev.cloister.engine.runtime.DebugFrame].
///
/// Wasm locals are in the frame only. Operands are where they are in other code, and are copied to
/// the frame and back at positions that somebody watches.
final class DebugEmitter {
  /*
   * A position is
   *
   *     if (armed && isWatched(…)) {
   *       copy operands to the frame; reach(frame, …); copy them back
   *     }
   *
   * which C2 reduces to a look at a field as long as nobody watches the function: it never saw the
   * rest run. Where there are breakpoints in the function, it looks into a table of positions. So
   * operands are in variables at positions, but for one on the JVM stack, and constants are put
   * there too.
   *
   * Whoever looks at a frame further out sees its call. There the offset and the operands are
   * written always, and so are, always, the operands that a block or the method of a region
   * begins above and those that more than WRITTEN are above: [OperandStack#unchanged] counts
   * those that are known to be in the frame, on whatever way the position was reached.
   */

  /// The most operands that are copied at a position; the others were copied before, once.
  private static final int WRITTEN = 8;

  private static final int FAR_SHIFT = 15;

  private final MethodState state;
  private final BytecodeWriter writer;

  DebugEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes what a function begins with, after which its parameters are in the frame.
  ///
  /// @param locals the letters of all locals, parameters first
  /// @param shape that of the function
  void enter(int functionIndex, String locals, CallShape shape) {
    state.instance.writeInstance();
    writer.iconst(functionIndex);
    writer.iconst(shape.params().length());
    writer.string(locals);
    writer.invokestatic(
        Names.DEBUG_FRAME,
        "enter",
        "(" + Names.BASE_INSTANCE_DESC + "IILjava/lang/String;)" + Names.DEBUG_FRAME_DESC);
    writer.store(JvmKind.REF, state.debugFrameSlot());
    readFrame();
    for (int i = 0; i < shape.params().length(); i++) {
      if (i < shape.stackParams()) {
        writer.load(state.localKind(i), state.localSlot(i));
      } else {
        CallEmitter.readResult(
            writer, state.instanceSlot, CallEmitter.transferSlot(shape, i), state.localKind(i));
      }
      storeLocal(i);
    }
  }

  /// Writes what a method begins with that has a frame: what it reads of it again and again.
  void readFrame() {
    writer.aload(state.debugFrameSlot());
    writer.getfield(Names.DEBUG_FRAME, "numbers", "[J");
    writer.store(JvmKind.REF, state.debugLocalsSlot());
    writer.aload(state.debugFrameSlot());
    writer.getfield(Names.DEBUG_FRAME, "watch", Names.DEBUG_WATCH_DESC);
    writer.store(JvmKind.REF, state.debugLocalsSlot() + 1);
  }

  /// Writes what precedes a return; the results may be on the JVM stack.
  void leave() {
    writer.aload(state.debugFrameSlot());
    writer.invokestatic(Names.DEBUG_FRAME, "leave", "(" + Names.DEBUG_FRAME_DESC + ")V");
  }

  /// Writes what a handler begins with: the frames of what threw are gone.
  void caught() {
    writer.aload(state.debugFrameSlot());
    writer.invokestatic(Names.DEBUG_FRAME, "caught", "(" + Names.DEBUG_FRAME_DESC + ")V");
  }

  /// Writes `local.get`.
  void getLocal(int local) {
    state.flush();
    JvmKind kind = state.localKind(local);
    switch (kind) {
      case INT -> {
        getNumber(local);
        writer.insn(Opcodes.L2I);
      }
      case LONG -> getNumber(local);
      case FLOAT -> {
        getNumber(local);
        writer.insn(Opcodes.L2I);
        writer.invokestatic("java/lang/Float", "intBitsToFloat", "(I)F");
      }
      case DOUBLE -> {
        getNumber(local);
        writer.invokestatic("java/lang/Double", "longBitsToDouble", "(J)D");
      }
      case REF -> {
        writer.aload(state.debugFrameSlot());
        writer.getfield(Names.DEBUG_FRAME, "references", "[Ljava/lang/Object;");
        writer.iconst(local);
        writer.insn(Opcodes.AALOAD);
      }
      case PACKED -> throw new IllegalStateException("debug code has no vector objects");
      case V128 -> {
        getNumber(local);
        writer.aload(state.debugFrameSlot());
        writer.getfield(Names.DEBUG_FRAME, "highs", "[J");
        writer.iconst(local);
        writer.insn(Opcodes.LALOAD);
      }
    }
    state.pushOnStack(kind);
  }

  private void getNumber(int local) {
    writer.aload(state.debugLocalsSlot());
    writer.iconst(local);
    writer.insn(Opcodes.LALOAD);
  }

  /// Pops the value on top of the JVM stack into a Wasm local.
  void storeLocal(int local) {
    JvmKind kind = state.localKind(local);
    switch (kind) {
      case INT -> writer.insn(Opcodes.I2L);
      case LONG -> {}
      case FLOAT -> {
        writer.invokestatic("java/lang/Float", "floatToRawIntBits", "(F)I");
        writer.insn(Opcodes.I2L);
      }
      case DOUBLE -> writer.invokestatic("java/lang/Double", "doubleToRawLongBits", "(D)J");
      case REF, V128 -> {
        writeIndexed(local);
        writer.invokestatic(Names.DEBUG_FRAME, "set", setter(kind));
        return;
      }
      case PACKED -> throw new IllegalStateException("debug code has no vector objects");
    }
    writer.aload(state.debugLocalsSlot());
    writer.iconst(local);
    writer.insn(Opcodes.DUP2_X2);
    writer.insn(Opcodes.POP2);
    writer.insn(Opcodes.LASTORE);
  }

  /// {@return whether a debugger can stop at an instruction: at all but those that only delimit}
  static boolean isPosition(Opcode opcode) {
    return switch (opcode) {
      case BLOCK, ELSE, TRY, TRY_TABLE, CATCH, CATCH_ALL, DELEGATE -> false;
      default -> true;
    };
  }

  /// Writes what precedes an instruction.
  ///
  /// @param distance the bytes between the beginning of the body and the instruction
  void before(Opcode opcode, int distance) {
    switch (opcode) {
      case CALL, CALL_INDIRECT, CALL_REF -> {
        copyAlways(0);
        writePosition(distance);
      }
      case BLOCK, LOOP, TRY, TRY_TABLE -> copyAlways(0);
      case IF -> copyAlways(1);
      default -> {
        int first = state.operands.unchanged();
        if (state.operands.size() - first > WRITTEN) {
          copyAlways(0);
        }
      }
    }
    if (isPosition(opcode)) {
      position(distance);
    }
  }

  /// Writes what precedes the call of a region, whose method does not know the operands below its
  /// own.
  void beforeRegion() {
    copyAlways(0);
  }

  private void writePosition(int distance) {
    writer.aload(state.debugFrameSlot());
    writeDistance(distance);
    writer.iconst(state.operandBase() + state.operands.size());
    writer.invokestatic(
        Names.DEBUG_FRAME,
        isFar(distance) ? "callFar" : "call",
        "(" + Names.DEBUG_FRAME_DESC + (isFar(distance) ? "III)V" : "II)V"));
  }

  private static boolean isFar(int distance) {
    return distance > Short.MAX_VALUE;
  }

  private void writeDistance(int distance) {
    if (isFar(distance)) {
      // In two parts: there may be more positions than a class can have constants.
      writer.iconst(distance >>> FAR_SHIFT);
    }
    writer.iconst(isFar(distance) ? distance & (1 << FAR_SHIFT) - 1 : distance);
  }

  /// Copies all operands but the top `kept` that are not in the frame for sure.
  private void copyAlways(int kept) {
    OperandStack operands = state.operands;
    int end = Math.max(operands.unchanged(), operands.size() - kept);
    if (operands.unchanged() < end) {
      putInPlace();
      copy(operands.unchanged(), end);
      operands.markUnchanged(end);
    }
  }

  private void position(int distance) {
    putInPlace();
    int size = state.operands.size();
    int copied = Math.max(0, size - WRITTEN);
    int first = copied;
    while (first < size && isFixed(first)) {
      first++;
    }
    Label goOn = new Label();
    writer.aload(state.debugLocalsSlot() + 1);
    writer.getfield(Names.DEBUG_WATCH, "isArmed", "Z");
    writer.jump(Opcodes.IFEQ, goOn);
    writer.aload(state.debugLocalsSlot() + 1);
    writeDistance(distance);
    writer.invokestatic(
        Names.DEBUG_WATCH,
        isFar(distance) ? "isWatchedFar" : "isWatched",
        "(" + Names.DEBUG_WATCH_DESC + (isFar(distance) ? "II)Z" : "I)Z"));
    writer.jump(Opcodes.IFEQ, goOn);
    copy(copied, size);
    writer.aload(state.debugFrameSlot());
    writeDistance(distance);
    writer.iconst(state.operandBase() + first);
    writer.iconst(state.operandBase() + size);
    writer.invokestatic(
        Names.DEBUG_FRAME,
        isFar(distance) ? "reachFar" : "reach",
        "(" + Names.DEBUG_FRAME_DESC + (isFar(distance) ? "IIII)V" : "III)V"));
    copyBack(first, size);
    state.writeLabel(goOn);
  }

  /// {@return whether an operand cannot be replaced: a constant that another part of the function
  /// knows} Those of this part are in variables.
  private boolean isFixed(int index) {
    for (int i = index; i < state.operands.size(); i++) {
      byte place = state.operands.place(i);
      if (place == OperandStack.CONSTANT || place == OperandStack.FRAME) {
        return true;
      }
    }
    return false;
  }

  /// Puts all operands in variables, but for one on top that is on the JVM stack.
  private void putInPlace() {
    state.flush();
    if (state.onStackCount() > 1 || (state.onStackCount() == 1 && state.peek(0) == JvmKind.V128)) {
      state.spill();
    }
  }

  private void copy(int first, int end) {
    OperandStack operands = state.operands;
    for (int i = first; i < end; i++) {
      JvmKind kind = operands.kind(i);
      if (operands.place(i) == OperandStack.ON_STACK) {
        writer.insn(kind.slots() == 2 ? Opcodes.DUP2 : Opcodes.DUP);
      } else {
        state.writeDeferred(operands.size() - 1 - i);
      }
      writeIndexed(state.operandBase() + i);
      writer.invokestatic(Names.DEBUG_FRAME, "setOperand", setter(kind));
    }
  }

  /// Takes operands from the frame, where the debugger may have changed them. References cannot be
  /// changed: nobody knows their types.
  private void copyBack(int first, int size) {
    OperandStack operands = state.operands;
    for (int i = first; i < size; i++) {
      JvmKind kind = operands.kind(i);
      if (kind == JvmKind.REF) {
        continue;
      }
      boolean isOnStack = operands.place(i) == OperandStack.ON_STACK;
      if (isOnStack) {
        writer.pop(kind);
      }
      String getter =
          switch (kind) {
            case INT -> "intOperand";
            case LONG, V128 -> "longOperand";
            case FLOAT -> "floatOperand";
            case DOUBLE -> "doubleOperand";
            case REF, PACKED -> throw new IllegalStateException("no operand of kind " + kind);
          };
      JvmKind read = kind == JvmKind.V128 ? JvmKind.LONG : kind;
      get(getter, state.operandBase() + i, read);
      if (kind == JvmKind.V128) {
        get("highOperand", state.operandBase() + i, read);
      }
      if (!isOnStack) {
        writer.store(kind, operands.slot(i));
      }
    }
  }

  private void get(String getter, int index, JvmKind kind) {
    writeIndexed(index);
    writer.invokestatic(
        Names.DEBUG_FRAME, getter, "(" + Names.DEBUG_FRAME_DESC + "I)" + kind.descriptor());
  }

  private void writeIndexed(int index) {
    writer.aload(state.debugFrameSlot());
    writer.iconst(index);
  }

  private static String setter(JvmKind kind) {
    return "(" + kind.descriptor() + Names.DEBUG_FRAME_DESC + "I)V";
  }
}
