package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RefType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// Writes structured control flow as jumps.
final class ControlEmitter {
  /// A `br_table` with this many distinct targets is taken for the dispatch of an interpreter.
  private static final int BIG_SWITCH_TARGETS = 8;

  /// Whether a half of a vector is the high one, in the order in which they are written.
  private static final boolean[] HALVES = {false, true};

  private final MethodState state;
  private final BytecodeWriter writer;
  private final CallEmitter calls;
  private final CaseLabelEmitter caseLabels;
  private final @Nullable RegionExits exits;
  private final Map<Integer, CountedLoop> countedLoops;
  private final int codeEnd;

  /// @param exits how the method of a region is left, or null in a function
  /// @param countedLoops the counted loops of the function, by the offset where they begin
  /// @param codeEnd module offset behind the last instruction of the method
  ControlEmitter(
      MethodState state,
      CallEmitter calls,
      @Nullable RegionExits exits,
      Map<Integer, CountedLoop> countedLoops,
      int codeEnd) {
    this.state = state;
    this.writer = state.writer;
    this.calls = calls;
    this.exits = exits;
    this.countedLoops = countedLoops;
    this.codeEnd = codeEnd;
    this.caseLabels = new CaseLabelEmitter(state);
  }

  ControlFrame block(InstructionReader reader) {
    state.spill();
    return state.enter(ControlFrame.Kind.BLOCK, params(reader), results(reader));
  }

  void loop(InstructionReader reader) {
    state.spill();
    String params = params(reader);
    ControlFrame frame = state.enter(ControlFrame.Kind.LOOP, params, results(reader));
    state.reserveLoopParameters(frame, params);
    CountedLoop counted = countedLoops.get(reader.position());
    if (counted != null && params.isEmpty()) {
      beginCounting(frame, counted);
    }
    state.writeLabel(frame.label);
    writeStopCheck();
  }

  private void beginCounting(ControlFrame frame, CountedLoop counted) {
    frame.counted = counted;
    int trips = frame.firstFreeSlot;
    frame.firstFreeSlot += 2;
    state.writeLabel(frame.outerLabel);
    if (counted.step() > 0) {
      writeLimit(counted);
      writer.load(JvmKind.INT, state.localSlot(counted.local()));
    } else {
      writer.load(JvmKind.INT, state.localSlot(counted.local()));
      writeLimit(counted);
    }
    writer.insn(Opcodes.ISUB);
    writer.iconst(counted.shift());
    writer.insn(Opcodes.IUSHR);
    writer.store(JvmKind.INT, trips);
    writer.iconst(0);
    writer.store(JvmKind.INT, trips + 1);
    frame.counterSlot = trips;
  }

  private void writeLimit(CountedLoop counted) {
    if (counted.limitLocal() < 0) {
      writer.iconst(counted.limit());
    } else {
      writer.load(JvmKind.INT, state.localSlot(counted.limitLocal()));
    }
  }

  /// {@return whether the instructions that follow are the end of a counted loop, to be written by
  /// [#endCounting]}
  boolean isAtTail(int offset) {
    ControlFrame frame = state.current();
    return frame.counted != null
        && frame.counted.tail() == offset
        && state.operands.size() == frame.height;
  }

  /// Writes the end of a counted loop; see [CountedLoop].
  void endCounting() {
    ControlFrame frame = state.current();
    CountedLoop counted = frame.counted;
    if (counted == null) {
      throw new IllegalStateException("not a counted loop");
    }
    int trips = frame.counterSlot;
    writer.load(JvmKind.INT, state.localSlot(counted.local()));
    writer.iconst(counted.step());
    writer.insn(Opcodes.IADD);
    state.storeLocal(counted.local());
    writer.iinc(trips + 1, 1);
    writer.load(JvmKind.INT, trips + 1);
    writer.load(JvmKind.INT, trips);
    jumpBack(Opcodes.IF_ICMPLT, frame.label);
    writer.load(JvmKind.INT, state.localSlot(counted.local()));
    writeLimit(counted);
    jumpBack(Opcodes.IF_ICMPNE, frame.outerLabel);
  }

  /// Jumps back on a condition, with nothing else on the JVM stack.
  private void jumpBack(int opcode, Label target) {
    if (writer.isFarBack(target)) {
      Label otherwise = new Label();
      writer.jump(NumericEmitter.inverse(opcode), otherwise);
      writer.gotoBack(target);
      state.writeLabel(otherwise);
    } else {
      writer.jump(opcode, target);
    }
  }

  void ifThen(InstructionReader reader) {
    int jump = takeSpilledCondition();
    ControlFrame frame = state.enter(ControlFrame.Kind.IF, params(reader), results(reader));
    state.saveParameters(frame);
    writer.jump(NumericEmitter.inverse(jump), frame.elseLabel);
  }

  /*
   * The operands below the condition have to leave the JVM stack before the jump, and the operands
   * of a condition lie on top of them. An operand below that is itself a pending condition has its
   * operands on the JVM stack already, so it is written before anything is put on top of them.
   */
  private int takeSpilledCondition() {
    if (state.hasConditionBelowTop()) {
      state.flushBelow(1);
    }
    boolean isInt = state.operands.place(state.operands.size() - 1) == OperandStack.ON_STACK;
    if (state.onStackCount() > (isInt ? 1 : 0)) {
      state.flush();
      writer.store(JvmKind.INT, state.scratchAddress);
      state.pop();
      state.spill();
      writer.load(JvmKind.INT, state.scratchAddress);
      return Opcodes.IFNE;
    }
    int jump = state.takeCondition();
    state.spill();
    return jump;
  }

  void elseBranch() {
    ControlFrame frame = state.current();
    jumpToEnd(frame);
    state.restoreParameters(frame);
    state.writeLabel(frame.elseLabel);
    frame.kind = ControlFrame.Kind.ELSE;
    state.isReachable = true;
  }

  /// Ends a part of a frame that is not its last one.
  void jumpToEnd(ControlFrame frame) {
    if (state.isReachable) {
      writeFallThrough(frame);
      writer.jump(Opcodes.GOTO, frame.label);
      frame.isTargeted = true;
    }
  }

  /// Writes the end of the current frame.
  void end(InstructionReader reader) {
    ControlFrame frame = state.current();
    if (frame.kind == ControlFrame.Kind.FUNCTION) {
      if (state.isReachable) {
        state.flush();
        calls.writeReturn();
      }
      state.control.removeLast();
      state.isReachable = false;
      return;
    }
    if (frame.kind == ControlFrame.Kind.IF) {
      elseBranch();
    }
    if (state.isReachable) {
      writeFallThrough(frame);
    }
    leave(frame, reader);
  }

  /// Closes the current frame, whose code is written, and places its label.
  void leave(ControlFrame frame, InstructionReader reader) {
    state.leave();
    if (frame.isTargeted) {
      state.writeLabel(frame.label);
      state.isReachable = true;
      if (frame.isCaseLabel) {
        caseLabels.emit(reader.position(), codeEnd);
      }
    }
  }

  /// Leaves the results of a frame where its end expects them; nothing stays on the JVM stack.
  private void writeFallThrough(ControlFrame frame) {
    if (frame.resultSlots.length > 0) {
      state.flush();
      state.storeValues(frame.results, frame.resultSlots);
      state.pop(frame.resultSlots.length);
    }
  }

  void br(int depth) {
    state.flush();
    writeBranch(target(depth));
    state.isReachable = false;
  }

  void brIf(int depth) {
    ControlFrame frame = target(depth);
    state.flushBelow(1);
    boolean isPlain = frame.branchKinds.isEmpty() && isInMethod(frame) && isOnlyConditionOnStack();
    int jump = state.takeCondition();
    if (isPlain && frame.kind == ControlFrame.Kind.LOOP) {
      jumpBack(jump, frame.label);
    } else if (isPlain) {
      writer.jump(jump, frame.label);
      target(frame);
    } else {
      Label otherwise = new Label();
      writer.jump(NumericEmitter.inverse(jump), otherwise);
      writeBranch(frame);
      state.writeLabel(otherwise);
    }
  }

  private boolean isOnlyConditionOnStack() {
    boolean isInt = state.operands.place(state.operands.size() - 1) == OperandStack.ON_STACK;
    return state.onStackCount() == (isInt ? 1 : 0);
  }

  /// Writes `br_on_null` and `br_on_non_null`; the reference stays where it is not null.
  void brOnNull(int depth, boolean branchesOnNull) {
    ControlFrame frame = target(depth);
    state.flush();
    Label otherwise = new Label();
    writer.insn(Opcodes.DUP);
    writer.jump(branchesOnNull ? Opcodes.IFNONNULL : Opcodes.IFNULL, otherwise);
    if (branchesOnNull) {
      writer.insn(Opcodes.POP);
      state.pop();
      writeBranch(frame);
      state.pushOnStack(JvmKind.REF);
      state.writeLabel(otherwise);
    } else {
      writeBranch(frame);
      state.writeLabel(otherwise);
      writer.insn(Opcodes.POP);
      state.pop();
    }
  }

  /// Writes `br_on_cast` and `br_on_cast_fail`; the reference stays where it is either way.
  void brOnCast(InstructionReader reader, CastEmitter casts, boolean branchesOnSuccess) {
    ControlFrame frame = target(reader.index());
    RefType type = reader.castTarget();
    state.flush();
    Label otherwise = new Label();
    writer.insn(Opcodes.DUP);
    casts.writeTest(type.heapType(), type.nullable());
    writer.jump(branchesOnSuccess ? Opcodes.IFEQ : Opcodes.IFNE, otherwise);
    writeBranch(frame);
    state.writeLabel(otherwise);
  }

  /// {@return whether a branch to a frame stays in this method}
  private static boolean isInMethod(ControlFrame frame) {
    return frame.kind != ControlFrame.Kind.FUNCTION && frame.kind != ControlFrame.Kind.EXIT;
  }

  /// Writes a jump with the values of its label, all operands being on the JVM stack.
  void writeBranch(ControlFrame frame) {
    if (frame.kind == ControlFrame.Kind.FUNCTION) {
      calls.writeReturn();
      return;
    }
    if (frame.kind == ControlFrame.Kind.EXIT) {
      exits().keep(frame.branchKinds);
      state.writePops(frame.branchKinds.length());
      exits().jump(state.control.indexOf(frame), frame.branchKinds);
      return;
    }
    int values = frame.branchSlots.length;
    state.storeValues(frame.branchKinds, frame.branchSlots);
    state.writePops(values);
    if (frame.kind == ControlFrame.Kind.LOOP) {
      writer.gotoBack(frame.label);
    } else {
      writer.jump(Opcodes.GOTO, frame.label);
      frame.isTargeted = true;
    }
  }

  private RegionExits exits() {
    if (exits == null) {
      throw new IllegalStateException("an exit outside of a region");
    }
    return exits;
  }

  private static void target(ControlFrame frame) {
    if (frame.kind != ControlFrame.Kind.LOOP) {
      frame.isTargeted = true;
    }
  }

  ControlFrame target(int depth) {
    return state.control.get(state.control.size() - 1 - depth);
  }

  void brTable(InstructionReader reader) {
    state.flush();
    int length = reader.tableLength();
    ControlFrame defaultFrame = target(reader.tableLabel(length));
    if (length == 0) {
      writer.insn(Opcodes.POP);
      state.pop();
      writeBranch(defaultFrame);
      state.isReachable = false;
      return;
    }
    boolean isPlain = defaultFrame.branchKinds.isEmpty() && state.onStackCount() == 1;
    if (!isPlain) {
      writer.store(JvmKind.INT, state.scratchAddress);
    }
    state.pop();
    if (!isPlain) {
      state.spill();
      writer.load(JvmKind.INT, state.scratchAddress);
    }
    Map<ControlFrame, Label> stubs = new LinkedHashMap<>();
    List<ControlFrame> targets = new ArrayList<>();
    Label[] labels = new Label[length];
    for (int i = 0; i < length; i++) {
      ControlFrame frame = target(reader.tableLabel(i));
      targets.add(frame);
      labels[i] = jumpTarget(frame, stubs);
    }
    Label defaultLabel = jumpTarget(defaultFrame, stubs);
    writer.tableswitch(0, labels, defaultLabel);
    if (!state.isDebuggable()
        && targets.stream().distinct().limit(BIG_SWITCH_TARGETS).count() == BIG_SWITCH_TARGETS) {
      targets.forEach(frame -> frame.isCaseLabel = true);
    }
    stubs.forEach(this::writeStub);
    state.isReachable = false;
  }

  /// {@return where a switch jumps to for a frame: its label, or a stub that moves the values}
  private static Label jumpTarget(ControlFrame frame, Map<ControlFrame, Label> stubs) {
    if (isInMethod(frame) && frame.branchKinds.isEmpty()) {
      target(frame);
      return frame.label;
    }
    return stubs.computeIfAbsent(frame, _ -> new Label());
  }

  /// Moves the values of a label, which are all deferred, and jumps to it.
  private void writeStub(ControlFrame frame, Label stub) {
    state.writeLabel(stub);
    for (int i = frame.branchKinds.length() - 1; i >= 0; i--) {
      state.writeDeferred(i);
    }
    writeBranch(frame);
  }

  void returnFromFunction() {
    state.flush();
    writeBranch(state.control.getFirst());
    state.isReachable = false;
  }

  void unreachable() {
    writer.invokestatic(Names.TRAPS, "unreachable", "()" + Names.TRAP_DESC);
    writer.insn(Opcodes.ATHROW);
    state.isReachable = false;
  }

  void drop() {
    int top = state.operands.size() - 1;
    switch (state.operands.place(top)) {
      case OperandStack.ON_STACK -> {
        writer.pop(state.peek(0));
        state.pop();
      }
      case OperandStack.CONDITION -> {
        state.flush();
        writer.insn(Opcodes.POP);
        state.pop();
      }
      default -> state.pop();
    }
  }

  void select() {
    JvmKind kind = state.peek(1);
    if (kind == JvmKind.V128) {
      selectVector();
      return;
    }
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

  /// Writes the check by which running code is stopped: no instruction once it is compiled.
  void writeStopCheck() {
    state.writeInstance();
    writer.invokestatic(Names.MODULE, ModuleClassGenerator.CHECK, "(" + Names.INSTANCE_DESC + ")V");
  }

  private String params(InstructionReader reader) {
    return switch (reader.blockKind()) {
      case EMPTY, VALUE -> "";
      case TYPE_INDEX -> shape(reader).params();
    };
  }

  private String results(InstructionReader reader) {
    return switch (reader.blockKind()) {
      case EMPTY -> "";
      case VALUE -> String.valueOf(JvmKind.of(reader.blockValueType()).code());
      case TYPE_INDEX -> shape(reader).results();
    };
  }

  private CallShape shape(InstructionReader reader) {
    return CallShape.of((FuncType) state.module.type(reader.blockTypeIndex()).composite());
  }
}
