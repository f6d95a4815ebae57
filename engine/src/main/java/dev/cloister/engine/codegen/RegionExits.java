package dev.cloister.engine.codegen;

import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// How the method of a region is left: at its end, or by a branch to a frame around it.
///
/// The method returns the code of the exit. The locals that it wrote and the values that go with
/// the exit are carried in the result slots of the store, the locals first.
final class RegionExits {
  /// The code of the exit at the end; that of a branch is one more than the index of its frame.
  static final int END = 0;

  /// The code of the exit with a pending tail call, which carries nothing.
  static final int TAIL_CALL = -1;

  /// Result slots below this one have a form of their own.
  private static final int FIRST_SLOT = 8;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final SlotLayout slots;
  private final BitSet written;
  private final Label epilog = new Label();
  private final Map<Integer, String> kinds = new TreeMap<>();
  private boolean isEpilogTargeted;

  RegionExits(MethodState state, SlotLayout slots, BitSet written) {
    this.state = state;
    this.writer = state.writer;
    this.slots = slots;
    this.written = written;
  }

  /// {@return the kinds of the values that go with each exit that was written, by code}
  Map<Integer, String> kinds() {
    return kinds;
  }

  /// Pops the values of an exit from the JVM stack to where they are carried.
  void keep(String values) {
    for (int i = values.length() - 1; i >= 0; i--) {
      CallEmitter.leaveResult(
          writer, slots.instanceSlot(), valueSlot(written, i), JvmKind.of(values.charAt(i)));
    }
  }

  /// Jumps to the exit to the frame with index `frame`; the JVM stack is empty.
  void jump(int frame, String values) {
    leave(frame + 1, values);
  }

  /// Leaves at the end, with all operands on the JVM stack.
  void end(String values) {
    keep(values);
    leave(END, values);
  }

  /// Leaves while a tail call is pending, with nothing to carry: the function's locals are dead.
  void leaveByTailCall() {
    kinds.put(TAIL_CALL, "");
    writer.iconst(TAIL_CALL);
    writer.insn(Opcodes.IRETURN);
  }

  private void leave(int code, String values) {
    isEpilogTargeted = true;
    kinds.put(code, values);
    writer.iconst(code);
    writer.store(JvmKind.INT, slots.exitSlot());
    writer.jump(Opcodes.GOTO, epilog);
  }

  /// Writes what all exits have in common, the last thing in the method.
  void writeEpilog() {
    if (!isEpilogTargeted) {
      return;
    }
    state.pop(state.operands.size());
    state.control.forEach(state::dropAliases);
    state.writeLabel(epilog);
    int carried = FIRST_SLOT;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      writer.load(state.localKind(local), slots.slot(local));
      CallEmitter.leaveResult(writer, slots.instanceSlot(), carried++, state.localKind(local));
    }
    writer.load(JvmKind.INT, slots.exitSlot());
    writer.insn(Opcodes.IRETURN);
  }

  /// Writes, after the call of a region, the locals that it wrote.
  static void readLocals(MethodState caller, BitSet written) {
    int carried = FIRST_SLOT;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      CallEmitter.readResult(
          caller.writer, caller.instanceSlot, carried++, caller.localKind(local));
      caller.storeLocal(local);
    }
  }

  /// Pushes, after the call of a region, the values of an exit.
  static void readValues(MethodState caller, BitSet written, String values) {
    for (int i = 0; i < values.length(); i++) {
      JvmKind kind = JvmKind.of(values.charAt(i));
      CallEmitter.readResult(caller.writer, caller.instanceSlot, valueSlot(written, i), kind);
      caller.pushOnStack(kind);
    }
  }

  private static int valueSlot(BitSet written, int index) {
    return FIRST_SLOT + written.cardinality() + index;
  }
}
