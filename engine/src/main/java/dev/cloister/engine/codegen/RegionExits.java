package dev.cloister.engine.codegen;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// How the method of a region is left: at its end, by a branch to a frame around it, by a tail
/// call, or by an exception.
///
/// The method returns the code of the exit. Those of branches are the same in all methods of the
/// function: where the frame is outside of the caller, too, the caller just returns the code on.
/// The locals that the region gives back and the values that an exit carries are in the result
/// slots of the store, each in its place; operands that it leaves at its end are in the frame
/// arrays.
final class RegionExits {
  /// What happens behind an exit other than the end and branches.
  enum Kind {
    /** The return of the function with a pending tail call, which carries nothing. */
    TAIL_CALL,
    /** An exception, to be thrown where the region was called. */
    THREW,
    /** An exception, to be thrown to the handlers of a frame and those around it. */
    THREW_WITHIN
  }

  /// A way out of the region that is neither the end nor a branch.
  ///
  /// @param frame the index of the frame that it is about, or 0
  record Exit(Kind kind, int frame) {
    static final Exit TAIL_CALL = new Exit(Kind.TAIL_CALL, 0);
  }

  /// The code of the exit at the end; that of a branch is one more than the index of its frame.
  static final int END = 0;

  /// The kinds of the values that go with an exception.
  static final String EXCEPTION = String.valueOf(JvmKind.REF.code());

  /// Result slots below this one have a form of their own. The locals that a region uses take less
  /// than 256 slots; see [SplitPlanner].
  private static final int FIRST_LOCAL = 8;

  private static final int FIRST_VALUE = FIRST_LOCAL + 256;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final SlotLayout slots;
  private final BitSet returned;
  private final Label epilog = new Label();
  private final BitSet codes = new BitSet();
  private final Map<Exit, Integer> specials = new LinkedHashMap<>();
  private boolean isEpilogTargeted;

  RegionExits(MethodState state, SlotLayout slots, BitSet returned) {
    this.state = state;
    this.writer = state.writer;
    this.slots = slots;
    this.returned = returned;
  }

  /// {@return the codes of the end and of all branches that were written}
  BitSet codes() {
    return codes;
  }

  /// {@return the codes of all other exits that were written}
  Map<Exit, Integer> specials() {
    return specials;
  }

  /// Pops the values of an exit from the JVM stack to where they are carried.
  void keep(String values) {
    CallEmitter.leaveResults(writer, slots.instanceSlot(), FIRST_VALUE, values);
  }

  /// Jumps to the exit to the frame with index `frame`; the JVM stack is empty.
  void jump(int frame) {
    codes.set(frame + 1);
    leave(frame + 1);
  }

  /// Leaves at the end, with all operands in the frame arrays.
  void end() {
    codes.set(END);
    leave(END);
  }

  /// Takes the exit whose code is in the variable for it already, one of `passed`.
  void pass(BitSet passed) {
    codes.or(passed);
    jumpToEpilog();
  }

  /// Leaves with the exception on the JVM stack, which the caller throws again.
  void threw() {
    keep(EXCEPTION);
    leave(code(new Exit(Kind.THREW, 0)));
  }

  /// Leaves with the exception on the JVM stack, which the caller throws to the handlers of a frame
  /// and those around it.
  void throwWithin(int frame) {
    keep(EXCEPTION);
    leave(code(new Exit(Kind.THREW_WITHIN, frame)));
  }

  /// Leaves while a tail call is pending, with nothing to carry: the function's locals are dead.
  void leaveByTailCall() {
    writer.iconst(code(Exit.TAIL_CALL));
    writer.insn(Opcodes.IRETURN);
  }

  private int code(Exit exit) {
    return specials.computeIfAbsent(exit, _ -> -1 - specials.size());
  }

  private void leave(int code) {
    writer.iconst(code);
    writer.store(JvmKind.INT, slots.exitSlot());
    jumpToEpilog();
  }

  private void jumpToEpilog() {
    isEpilogTargeted = true;
    writer.jump(Opcodes.GOTO, epilog);
  }

  /// Writes what the exits have in common, the last thing in the method.
  void writeEpilog() {
    if (!isEpilogTargeted) {
      return;
    }
    state.restart(state.current());
    state.writeLabel(epilog);
    int carried = FIRST_LOCAL;
    for (int local = returned.nextSetBit(0); local >= 0; local = returned.nextSetBit(local + 1)) {
      JvmKind kind = state.localKind(local);
      writer.load(kind, slots.slot(local));
      CallEmitter.leaveResult(writer, slots.instanceSlot(), carried, kind);
      carried += kind.resultSlots();
    }
    writer.load(JvmKind.INT, slots.exitSlot());
    writer.insn(Opcodes.IRETURN);
  }

  /// Leaves, before the call of a region, the locals that are not arguments of its method.
  static void leaveLocals(MethodState caller, BitSet locals) {
    int carried = FIRST_LOCAL;
    for (int local = locals.nextSetBit(0); local >= 0; local = locals.nextSetBit(local + 1)) {
      JvmKind kind = caller.localKind(local);
      caller.loadLocal(local);
      CallEmitter.leaveResult(caller.writer, caller.instanceSlot, carried, kind);
      carried += kind.resultSlots();
    }
  }

  /// Writes, after the call of a region, the locals that it gives back; in it, those that the
  /// caller left.
  static void readLocals(MethodState state, BitSet locals) {
    int carried = FIRST_LOCAL;
    for (int local = locals.nextSetBit(0); local >= 0; local = locals.nextSetBit(local + 1)) {
      JvmKind kind = state.localKind(local);
      CallEmitter.readResult(state.writer, state.instanceSlot, carried, kind);
      carried += kind.resultSlots();
      state.storeLocal(local);
    }
  }

  /// Pushes, after the call of a region, the values of an exit to the JVM stack.
  static void readValues(MethodState caller, String values) {
    CallEmitter.readResults(caller.writer, caller.instanceSlot, FIRST_VALUE, values);
  }
}
