package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Opcodes;

/// Writes what debuggable code has besides: its [dev.cloister.engine.runtime.DebugFrame].
///
/// Wasm locals are in the frame only. Operands are where they are in other code, and a copy of each
/// is written to the frame before the first position behind the one that made it.
final class DebugEmitter {
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
    writer.string(locals);
    writer.invokestatic(
        Names.DEBUG_FRAME,
        "enter",
        "(" + Names.BASE_INSTANCE_DESC + "ILjava/lang/String;)" + Names.DEBUG_FRAME_DESC);
    writer.store(JvmKind.REF, state.debugFrameSlot());
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
      case INT -> get(local, "getInt", kind);
      case LONG -> get(local, "getLong", kind);
      case FLOAT -> get(local, "getFloat", kind);
      case DOUBLE -> get(local, "getDouble", kind);
      case REF -> get(local, "getReference", kind);
      case PACKED -> throw new IllegalStateException("debug code has no vector objects");
      case V128 -> {
        get(local, "getLong", JvmKind.LONG);
        get(local, "getHigh", JvmKind.LONG);
      }
    }
    state.pushOnStack(kind);
  }

  private void get(int local, String getter, JvmKind kind) {
    writeIndexed(local);
    writer.invokestatic(
        Names.DEBUG_FRAME, getter, "(" + Names.DEBUG_FRAME_DESC + "I)" + kind.descriptor());
  }

  /// Pops the value on top of the JVM stack into a Wasm local.
  void storeLocal(int local) {
    writeIndexed(local);
    writer.invokestatic(Names.DEBUG_FRAME, "set", setter(state.localKind(local)));
  }

  /// {@return whether a debugger can stop at an instruction: at all but those that only delimit}
  static boolean isPosition(Opcode opcode) {
    return switch (opcode) {
      case BLOCK, ELSE, TRY, TRY_TABLE, CATCH, CATCH_ALL, DELEGATE -> false;
      default -> true;
    };
  }

  /// Writes the position before an instruction. All operands are where they were, but for
  /// conditions, which are computed.
  ///
  /// @param distance the bytes between the beginning of the body and the instruction
  void position(int distance) {
    copyOperands();
    writer.aload(state.debugFrameSlot());
    boolean isFar = distance > Short.MAX_VALUE;
    if (isFar) {
      // In two parts: there may be more positions than a class can have constants.
      writer.iconst(distance >>> FAR_SHIFT);
    }
    writer.iconst(isFar ? distance & (1 << FAR_SHIFT) - 1 : distance);
    writer.iconst(state.operandBase() + state.operands.size());
    writer.invokestatic(
        Names.DEBUG_FRAME,
        isFar ? "reachFar" : "reach",
        "(" + Names.DEBUG_FRAME_DESC + (isFar ? "III)V" : "II)V"));
  }

  /*
   * Usually there is one new operand, the result of the instruction before, and it is on top of the
   * JVM stack. Several on the JVM stack, and vectors, cannot be copied without taking them off.
   */
  private void copyOperands() {
    OperandStack operands = state.operands;
    int first = operands.unchanged();
    int size = operands.size();
    int onStack = 0;
    for (int i = first; i < size; i++) {
      byte place = operands.place(i);
      if (place == OperandStack.ON_STACK || place == OperandStack.CONDITION) {
        onStack++;
      }
    }
    if (onStack == 1 && !state.isDeferred(0) && state.peek(0) != JvmKind.V128) {
      state.flush();
    } else if (onStack > 0) {
      state.spill();
    }
    for (int i = first; i < size; i++) {
      JvmKind kind = operands.kind(i);
      if (operands.place(i) == OperandStack.ON_STACK) {
        writer.insn(kind.slots() == 2 ? Opcodes.DUP2 : Opcodes.DUP);
      } else {
        state.writeDeferred(size - 1 - i);
      }
      writeIndexed(state.operandBase() + i);
      writer.invokestatic(Names.DEBUG_FRAME, "setOperand", setter(kind));
    }
    operands.markUnchanged(size);
  }

  private void writeIndexed(int index) {
    writer.aload(state.debugFrameSlot());
    writer.iconst(index);
  }

  private static String setter(JvmKind kind) {
    return "(" + kind.descriptor() + Names.DEBUG_FRAME_DESC + "I)V";
  }
}
