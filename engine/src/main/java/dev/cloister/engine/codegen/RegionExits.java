package dev.cloister.engine.codegen;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// How the method of a region is left: at its end, by a branch to a frame around it, by a tail
/// call, or by an exception.
///
/// The method returns the code of the exit. The locals that it wrote and the values that go with
/// the exit are carried in the result slots of the store, the locals first.
final class RegionExits {
  /// What happens behind an exit.
  enum Kind {
    /** The instruction behind the region. */
    END,
    /** A branch to a frame. */
    BRANCH,
    /** The return of the function with a pending tail call, which carries nothing. */
    TAIL_CALL,
    /** An exception, to be thrown where the region was called. */
    THREW,
    /** An exception, to be thrown to the handlers of a frame and those around it. */
    THREW_WITHIN
  }

  /// A way out of the region.
  ///
  /// @param frame the index of the frame that it is about, or 0
  record Exit(Kind kind, int frame) {
    static final Exit END = new Exit(Kind.END, 0);
    static final Exit TAIL_CALL = new Exit(Kind.TAIL_CALL, 0);
  }

  /// What goes with an exit.
  ///
  /// @param code what the method returns
  /// @param kinds the letters of the values that are carried
  record Use(int code, String kinds) {}

  /// Result slots below this one have a form of their own.
  private static final int FIRST_SLOT = 8;

  private static final String EXCEPTION = String.valueOf(JvmKind.REF.code());

  private final MethodState state;
  private final BytecodeWriter writer;
  private final SlotLayout slots;
  private final BitSet written;
  private final Label epilog = new Label();
  private final Map<Exit, Use> uses = new LinkedHashMap<>();
  private boolean isEpilogTargeted;

  RegionExits(MethodState state, SlotLayout slots, BitSet written) {
    this.state = state;
    this.writer = state.writer;
    this.slots = slots;
    this.written = written;
  }

  /// {@return the exits that were written, in the order of their codes}
  Map<Exit, Use> uses() {
    return uses;
  }

  /// Pops the values of an exit from the JVM stack to where they are carried.
  void keep(String values) {
    CallEmitter.leaveResults(writer, slots.instanceSlot(), firstValueSlot(state, written), values);
  }

  /// Jumps to the exit to the frame with index `frame`; the JVM stack is empty.
  void jump(int frame, String values) {
    leave(new Exit(Kind.BRANCH, frame), values);
  }

  /// Leaves at the end, with all operands on the JVM stack.
  void end(String values) {
    keep(values);
    leave(Exit.END, values);
  }

  /// Leaves with the exception on the JVM stack, which the caller throws again.
  void threw() {
    keep(EXCEPTION);
    leave(new Exit(Kind.THREW, 0), EXCEPTION);
  }

  /// Leaves with the exception on the JVM stack, which the caller throws to the handlers of a frame
  /// and those around it.
  void throwWithin(int frame) {
    keep(EXCEPTION);
    leave(new Exit(Kind.THREW_WITHIN, frame), EXCEPTION);
  }

  /// Leaves while a tail call is pending, with nothing to carry: the function's locals are dead.
  void leaveByTailCall() {
    writer.iconst(use(Exit.TAIL_CALL, "").code());
    writer.insn(Opcodes.IRETURN);
  }

  private void leave(Exit exit, String values) {
    isEpilogTargeted = true;
    writer.iconst(use(exit, values).code());
    writer.store(JvmKind.INT, slots.exitSlot());
    writer.jump(Opcodes.GOTO, epilog);
  }

  private Use use(Exit exit, String values) {
    return uses.computeIfAbsent(exit, _ -> new Use(uses.size(), values));
  }

  /// Writes what the exits have in common, the last thing in the method.
  void writeEpilog() {
    if (!isEpilogTargeted) {
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
    CallEmitter.readResults(
        caller.writer, caller.instanceSlot, firstValueSlot(caller, written), values);
    caller.pushOnStack(values);
  }

  /// {@return the slot behind those of the locals}
  private static int firstValueSlot(MethodState state, BitSet written) {
    int slot = FIRST_SLOT;
    for (int local = written.nextSetBit(0); local >= 0; local = written.nextSetBit(local + 1)) {
      slot += state.localKind(local).resultSlots();
    }
    return slot;
  }
}
