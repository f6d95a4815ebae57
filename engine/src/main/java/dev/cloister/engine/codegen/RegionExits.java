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

  /// Result slots below this one have a form of their own.
  private static final int FIRST_SLOT = 8;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final SlotLayout slots;
  private final BitSet written;
  private final Label epilog = new Label();
  private final Map<Integer, String> kinds = new TreeMap<>();

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
    int slot = firstValueSlot(state, written) + resultSlots(values);
    for (int i = values.length() - 1; i >= 0; i--) {
      JvmKind kind = JvmKind.of(values.charAt(i));
      slot -= kind.resultSlots();
      CallEmitter.leaveResult(writer, slots.instanceSlot(), slot, kind);
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

  private void leave(int code, String values) {
    kinds.put(code, values);
    writer.iconst(code);
    writer.store(JvmKind.INT, slots.exitSlot());
    writer.jump(Opcodes.GOTO, epilog);
  }

  /// Writes what all exits have in common, the last thing in the method.
  void writeEpilog() {
    if (kinds.isEmpty()) {
      return;
    }
    state.pop(state.operands.size());
    state.control.forEach(state::dropAliases);
    state.writeLabel(epilog);
    int carried = FIRST_SLOT;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      JvmKind kind = state.localKind(local);
      writer.load(kind, slots.slot(local));
      CallEmitter.leaveResult(writer, slots.instanceSlot(), carried, kind);
      carried += kind.resultSlots();
    }
    writer.load(JvmKind.INT, slots.exitSlot());
    writer.insn(Opcodes.IRETURN);
  }

  /// Writes, after the call of a region, the locals that it wrote.
  static void readLocals(MethodState caller, BitSet written) {
    int carried = FIRST_SLOT;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      JvmKind kind = caller.localKind(local);
      CallEmitter.readResult(caller.writer, caller.instanceSlot, carried, kind);
      carried += kind.resultSlots();
      caller.storeLocal(local);
    }
  }

  /// Pushes, after the call of a region, the values of an exit.
  static void readValues(MethodState caller, BitSet written, String values) {
    int slot = firstValueSlot(caller, written);
    for (int i = 0; i < values.length(); i++) {
      JvmKind kind = JvmKind.of(values.charAt(i));
      CallEmitter.readResult(caller.writer, caller.instanceSlot, slot, kind);
      caller.pushOnStack(kind);
      slot += kind.resultSlots();
    }
  }

  /// {@return the slot behind those of the locals}
  private static int firstValueSlot(MethodState state, BitSet written) {
    int slot = FIRST_SLOT;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      slot += state.localKind(local).resultSlots();
    }
    return slot;
  }

  private static int resultSlots(String values) {
    int count = 0;
    for (int i = 0; i < values.length(); i++) {
      count += JvmKind.of(values.charAt(i)).resultSlots();
    }
    return count;
  }
}
