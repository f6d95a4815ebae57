package dev.cloister.engine.codegen;

import java.util.BitSet;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// How the method of a region is left: at its end, or by a branch to a frame around it.
///
/// The method returns the code of the exit, which is the same in all methods of the function: where
/// the frame is outside of the caller, too, the caller just returns the code on. The locals that
/// the region wrote and the values that the branch carries are in the result slots of the store,
/// each in its place; operands that it leaves at its end are in the frame arrays.
final class RegionExits {
  /// The code of the exit at the end; that of a branch is one more than the index of its frame.
  static final int END = 0;

  /// The code of the exit with a pending tail call, which carries nothing.
  static final int TAIL_CALL = -1;

  /// Result slots below this one have a form of their own. A region writes less than 256 locals.
  private static final int FIRST_LOCAL = 8;

  private static final int FIRST_VALUE = FIRST_LOCAL + 256;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final SlotLayout slots;
  private final BitSet written;
  private final Label epilog = new Label();
  private final BitSet codes = new BitSet();
  private boolean isLeftByTailCall;

  RegionExits(MethodState state, SlotLayout slots, BitSet written) {
    this.state = state;
    this.writer = state.writer;
    this.slots = slots;
    this.written = written;
  }

  /// {@return the codes of all exits that were written, but for [#TAIL_CALL]}
  BitSet codes() {
    return codes;
  }

  /// Pops the values of a branch from the JVM stack to where they are carried.
  void keep(String values) {
    for (int i = values.length() - 1; i >= 0; i--) {
      CallEmitter.leaveResult(
          writer, slots.instanceSlot(), FIRST_VALUE + i, JvmKind.of(values.charAt(i)));
    }
  }

  /// Jumps to the exit to the frame with index `frame`; the JVM stack is empty.
  void jump(int frame) {
    leave(frame + 1);
  }

  /// Leaves at the end, with all operands in the frame arrays.
  void end() {
    leave(END);
  }

  /// Leaves while a tail call is pending, with nothing to carry: the function's locals are dead.
  void leaveByTailCall() {
    isLeftByTailCall = true;
    writer.iconst(TAIL_CALL);
    writer.insn(Opcodes.IRETURN);
  }

  /// {@return whether the exit with a pending tail call was written}
  boolean isLeftByTailCall() {
    return isLeftByTailCall;
  }

  private void leave(int code) {
    codes.set(code);
    writer.iconst(code);
    writer.store(JvmKind.INT, slots.exitSlot());
    writer.jump(Opcodes.GOTO, epilog);
  }

  /// Takes the exit whose code is in the variable for it already, one of `passed`.
  void pass(BitSet passed) {
    codes.or(passed);
    writer.jump(Opcodes.GOTO, epilog);
  }

  /// Writes what all exits have in common, the last thing in the method.
  void writeEpilog() {
    if (codes.isEmpty()) {
      return;
    }
    state.clear();
    state.writeLabel(epilog);
    int carried = FIRST_LOCAL;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      writer.load(state.localKind(local), slots.slot(local));
      CallEmitter.leaveResult(writer, slots.instanceSlot(), carried++, state.localKind(local));
    }
    writer.load(JvmKind.INT, slots.exitSlot());
    writer.insn(Opcodes.IRETURN);
  }

  /// Writes, after the call of a region, the locals that it wrote.
  static void readLocals(MethodState caller, BitSet written) {
    int carried = FIRST_LOCAL;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      CallEmitter.readResult(
          caller.writer, caller.instanceSlot, carried++, caller.localKind(local));
      caller.storeLocal(local);
    }
  }

  /// Pushes, after the call of a region, the values of a branch to the JVM stack.
  static void readValues(MethodState caller, String values) {
    for (int i = 0; i < values.length(); i++) {
      CallEmitter.readResult(
          caller.writer, caller.instanceSlot, FIRST_VALUE + i, JvmKind.of(values.charAt(i)));
    }
  }
}
