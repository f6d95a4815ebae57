package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.RefType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// Writes structured control flow as jumps.
final class ControlEmitter {
  /// A `br_table` with this many distinct targets is taken for the dispatch of an interpreter.
  static final int BIG_SWITCH_TARGETS = 8;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final CallEmitter calls;
  private final CaseLabelEmitter caseLabels;
  private final @Nullable RegionExits exits;
  private final FunctionContext context;

  /// @param exits how the method of a region is left, or null in a function
  /// @param region the region that the method is, or null in a function
  ControlEmitter(
      MethodState state,
      FunctionContext context,
      CallEmitter calls,
      @Nullable RegionExits exits,
      SplitPlan.@Nullable Region region) {
    this.state = state;
    this.writer = state.writer;
    this.calls = calls;
    this.exits = exits;
    this.context = context;
    this.caseLabels = new CaseLabelEmitter(state, context, region);
  }

  ControlFrame block(InstructionReader reader) {
    state.spill();
    CallShape shape = state.blockShape(reader);
    return state.enter(ControlFrame.Kind.BLOCK, shape.params(), shape.results());
  }

  void loop(InstructionReader reader) {
    state.spill();
    CallShape shape = state.blockShape(reader);
    String params = shape.params();
    ControlFrame frame = state.enter(ControlFrame.Kind.LOOP, params, shape.results());
    state.reserveLoopParameters(frame, params);
    CountedLoop counted = context.countedLoops.get(reader.position());
    if (counted != null && params.isEmpty() && hasLocals(counted)) {
      if (context.kind.polls()) {
        beginStrips(frame, counted);
        return;
      }
      state.writeLabel(frame.outerLabel);
      beginCounting(frame, counted);
    }
    state.writeLabel(frame.label);
    writeStopCheck();
  }

  /// {@return whether the method has what is counted: where the end of the loop is in a region, or
  /// is never reached, it need not}
  private boolean hasLocals(CountedLoop counted) {
    return state.hasLocal(counted.local())
        && (counted.limitLocal() < 0 || state.hasLocal(counted.limitLocal()));
  }

  /*
   * A poll at the head of the inner loop of [CountedLoop] would take from the JIT what the form
   * gives it. So code that polls does so in the outer loop, and the inner one has no more than so
   * many turns: computing the number of trips anew is right at any time. Branches to the loop from
   * its middle, which do not count, go to the outer loop, because they need not ever end.
   */
  private void beginStrips(ControlFrame frame, CountedLoop counted) {
    state.writeLabel(frame.label);
    writeStopCheck();
    beginCounting(frame, counted);
    frame.isStripped = true;
    state.writeLabel(frame.turnLabel);
  }

  /// Writes how many turns a counted loop surely takes, and that none is done; see [CountedLoop].
  private void beginCounting(ControlFrame frame, CountedLoop counted) {
    frame.counted = counted;
    int trips = state.reserveCounter(frame);
    boolean isDistance = counted.relation() == CountedLoop.Relation.NOT_EQUAL;
    if (counted.step() > 0 && isDistance) {
      writeLimit(counted);
      writeIndex(counted);
    } else {
      writeIndex(counted);
      writeLimit(counted);
    }
    int size = counted.stepSize();
    if (isDistance) {
      writer.insn(Opcodes.ISUB);
      if (Integer.bitCount(size) == 1) {
        writer.iconst(Integer.numberOfTrailingZeros(size));
        writer.insn(Opcodes.IUSHR);
      } else {
        writer.iconst(size);
        writer.invokestatic(Names.LOOP_OPS, "tripsWithin", "(II)I");
      }
    } else {
      writer.iconst(size);
      writer.invokestatic(Names.LOOP_OPS, trips(counted.relation()), "(III)I");
    }
    if (context.kind.polls()) {
      writer.iconst(StopCheck.STRIP_TRIPS);
      writer.invokestatic("java/lang/Math", "min", "(II)I");
    }
    writer.store(JvmKind.INT, trips);
    writer.iconst(0);
    writer.store(JvmKind.INT, trips + 1);
    state.beginCounter(frame, trips);
  }

  private static String trips(CountedLoop.Relation relation) {
    return switch (relation) {
      case NOT_EQUAL -> "tripsWithin";
      case BELOW -> "tripsBelow";
      case BELOW_OR_EQUAL -> "tripsUpTo";
      case ABOVE -> "tripsAbove";
      case ABOVE_OR_EQUAL -> "tripsDownTo";
    };
  }

  private void writeIndex(CountedLoop counted) {
    state.loadLocal(counted.local());
    writeSummand(counted.offset());
  }

  private void writeLimit(CountedLoop counted) {
    if (counted.limitLocal() < 0) {
      writer.iconst(counted.limit());
    } else {
      state.loadLocal(counted.limitLocal());
      writeSummand(counted.limit());
    }
  }

  private void writeSummand(int constant) {
    if (constant != 0) {
      writer.iconst(constant);
      writer.insn(Opcodes.IADD);
    }
  }

  /// Writes the branch back of a counted loop, the condition being all that is on the JVM stack.
  ///
  /// The condition only matters once the counter has run out, so its operands are put aside. The
  /// JIT does not compute them before.
  private void endCounting(ControlFrame frame) {
    int trips = frame.counterSlot;
    int top = state.operands.size() - 1;
    boolean isCondition = state.operands.place(top) == OperandStack.CONDITION;
    int condition = isCondition ? state.operands.opcode(top) : Opcodes.IFNE;
    boolean isComparison = Conditions.comparesInts(condition);
    if (!isCondition) {
      state.flush();
    }
    state.pop();
    if (isComparison) {
      writer.store(JvmKind.INT, state.scratchValue);
    }
    writer.store(JvmKind.INT, state.scratchAddress);
    writer.iinc(trips + 1, 1);
    writer.load(JvmKind.INT, trips + 1);
    writer.load(JvmKind.INT, trips);
    jumpBack(Opcodes.IF_ICMPLT, frame.isStripped ? frame.turnLabel : frame.label);
    writer.load(JvmKind.INT, state.scratchAddress);
    if (isComparison) {
      writer.load(JvmKind.INT, state.scratchValue);
    }
    int jump = Conditions.writeOperands(writer, condition);
    jumpBack(jump, frame.isStripped ? frame.label : frame.outerLabel);
  }

  /// Jumps back on a condition, with nothing else on the JVM stack.
  private void jumpBack(int opcode, Label target) {
    if (writer.isFarBack(target)) {
      jumpBackWithoutOperands(opcode, target);
    } else {
      writer.jump(opcode, target);
    }
  }

  /// The same for what the JIT should not keep at a jump back: its poll is there, before the jump
  /// takes its operands.
  private void jumpBackWithoutOperands(int opcode, Label target) {
    Label otherwise = new Label();
    writer.jump(NumericEmitter.inverse(opcode), otherwise);
    writer.gotoBack(target);
    state.writeLabel(otherwise);
  }

  void ifThen(InstructionReader reader) {
    int jump = takeSpilledCondition();
    CallShape shape = state.blockShape(reader);
    ControlFrame frame = state.enter(ControlFrame.Kind.IF, shape.params(), shape.results());
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
      endFunction(frame);
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
        caseLabels.emit(reader.position());
      }
    }
  }

  private void endFunction(ControlFrame frame) {
    if (frame.isTargeted) {
      if (state.isReachable) {
        writeFallThrough(frame);
      }
      state.takeResults(frame);
      state.writeLabel(frame.label);
      state.isReachable = true;
    }
    if (state.isReachable) {
      state.flush();
      calls.writeReturn();
    }
    state.control.removeLast();
    state.isReachable = false;
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

  /// @param offset module offset of the instruction
  void brIf(int depth, int offset) {
    ControlFrame frame = target(depth);
    state.flushBelow(1);
    boolean isPlain = frame.branchKinds.isEmpty() && isInMethod(frame) && isOnlyConditionOnStack();
    if (isPlain && frame.counted != null && frame.counted.branch() == offset) {
      endCounting(frame);
      return;
    }
    boolean leavesResult = state.leavesResult();
    int jump = state.takeCondition();
    if (isPlain && frame.kind == ControlFrame.Kind.LOOP) {
      if (leavesResult) {
        jumpBackWithoutOperands(jump, frame.label);
      } else {
        jumpBack(jump, frame.label);
      }
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

  /// {@return whether a branch to a frame is written as a return: where there are many results, all
  /// branches go to one return at the end}
  private static boolean isReturn(ControlFrame frame) {
    return frame.kind == ControlFrame.Kind.FUNCTION && frame.resultSlots.length == 0;
  }

  /// {@return whether a branch to a frame stays in this method}
  private boolean isInMethod(ControlFrame frame) {
    return frame.kind != ControlFrame.Kind.FUNCTION && !state.isOuter(frame);
  }

  /// Writes a jump with the values of its label, all operands being on the JVM stack.
  void writeBranch(ControlFrame frame) {
    if (state.isOuter(frame)) {
      exits().keep(frame.branchKinds);
      state.writePops(frame.branchKinds.length());
      exits().jump(frame.index);
      return;
    }
    if (isReturn(frame)) {
      calls.writeReturn();
      return;
    }
    jumpWithValues(frame);
  }

  /// Moves the values of a label from the JVM stack to its variables, and jumps to it.
  ///
  /// What is in a block may use these variables for something that a handler in there wants to
  /// find, so that is not the handler of this code.
  private void jumpWithValues(ControlFrame frame) {
    List<Protection> left = new ArrayList<>();
    if (frame.branchSlots.length > 0) {
      for (int i = frame.index + 1; i < state.control.size(); i++) {
        ControlFrame inner = state.control.get(i);
        if (inner.kind == ControlFrame.Kind.TRY && inner.protection != null) {
          left.add(inner.protection);
        }
      }
    }
    left.forEach(Protection::toggle);
    state.storeValues(frame.branchKinds, frame.branchSlots);
    state.writePops(frame.branchSlots.length);
    jump(frame);
    left.forEach(Protection::toggle);
  }

  /// Goes on, after the call of a region, where it branched to, if it did not end.
  ///
  /// @param codes the codes of all its exits
  void branchByExit(BitSet codes) {
    boolean canEnd = codes.get(RegionExits.END);
    int firstOwn = state.outerFrames() + 1;
    BitSet passed = codes.get(0, firstOwn);
    passed.clear(RegionExits.END);
    int[] own = codes.stream().filter(code -> code >= firstOwn).toArray();
    Label goOn = new Label();
    if (canEnd && codes.cardinality() > 1) {
      writer.load(JvmKind.INT, state.exitSlot());
      writer.jump(Opcodes.IFEQ, goOn);
    }
    boolean needsSwitch = own.length > (passed.isEmpty() ? 1 : 0);
    if (needsSwitch) {
      boolean[] isJump = new boolean[own.length];
      Label[] labels = new Label[own.length];
      for (int i = 0; i < own.length; i++) {
        ControlFrame frame = state.control.get(own[i] - 1);
        isJump[i] = isInMethod(frame) && frame.branchKinds.isEmpty();
        labels[i] = isJump[i] ? frame.label : new Label();
      }
      Label last = passed.isEmpty() ? labels[own.length - 1] : new Label();
      writer.load(JvmKind.INT, state.exitSlot());
      writeSwitch(own, labels, last);
      for (int i = 0; i < own.length; i++) {
        ControlFrame frame = state.control.get(own[i] - 1);
        if (isJump[i]) {
          target(frame);
        } else {
          state.writeLabel(labels[i]);
          writeBranchWithValues(frame);
        }
      }
      if (!passed.isEmpty()) {
        state.writeLabel(last);
      }
    } else if (own.length == 1) {
      writeBranchWithValues(state.control.get(own[0] - 1));
    }
    if (!passed.isEmpty()) {
      exits().pass(passed);
    } else if (codes.isEmpty()) {
      // The region never ends.
      writer.insn(Opcodes.ACONST_NULL);
      writer.insn(Opcodes.ATHROW);
    }
    if (canEnd && codes.cardinality() > 1) {
      state.writeLabel(goOn);
    }
  }

  private void jump(ControlFrame frame) {
    if (frame.kind == ControlFrame.Kind.LOOP) {
      writer.gotoBack(frame.label);
    } else {
      writer.jump(Opcodes.GOTO, frame.label);
      frame.isTargeted = true;
    }
  }

  /// Takes a branch of the method for which a region was left.
  private void writeBranchWithValues(ControlFrame frame) {
    RegionExits.readValues(state, frame.branchKinds);
    if (isReturn(frame)) {
      calls.writeReturn();
    } else {
      jumpWithValues(frame);
    }
  }

  /// Writes a switch over ascending keys.
  private void writeSwitch(int[] keys, Label[] labels, Label defaultLabel) {
    int first = keys[0];
    int range = keys[keys.length - 1] - first + 1;
    if (range > 2 * keys.length) {
      writer.lookupswitch(keys, labels, defaultLabel);
      return;
    }
    Label[] table = new Label[range];
    Arrays.fill(table, defaultLabel);
    for (int i = 0; i < keys.length; i++) {
      table[keys[i] - first] = labels[i];
    }
    writer.tableswitch(first, table, defaultLabel);
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
    int[] distinct = BranchTables.distinct(reader);
    if (distinct.length == 1) {
      writer.insn(Opcodes.POP);
      state.pop();
      state.prepare(defaultFrame.branchKinds.length());
      state.flush();
      writeBranch(defaultFrame);
      state.isReachable = false;
      return;
    }
    if (BranchTables.isMapped(reader, distinct.length)) {
      mappedTable(distinct);
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
    int cases = distinct.length - (targets.contains(defaultFrame) ? 0 : 1);
    if (!state.isDebuggable() && cases >= BIG_SWITCH_TARGETS) {
      targets.forEach(frame -> frame.isCaseLabel = true);
    }
    stubs.forEach(this::writeStub);
    state.isReachable = false;
  }

  /// Writes a `br_table` whose index is mapped to a label first.
  private void mappedTable(int[] distinct) {
    writer.store(JvmKind.INT, state.scratchAddress);
    state.pop();
    state.spill();
    writer.load(JvmKind.INT, state.scratchAddress);
    context.writeBranchTable(writer);
    // Labels beyond the method are those above its own.
    int own = 0;
    while (own < distinct.length && !state.isOuter(target(distinct[own]))) {
      own++;
    }
    int size = state.control.size();
    boolean hasOuter = own < distinct.length;
    Label outer = new Label();
    Map<ControlFrame, Label> stubs = new LinkedHashMap<>();
    if (own > 0) {
      Label[] labels = new Label[own];
      for (int i = 0; i < own; i++) {
        ControlFrame frame = target(distinct[i]);
        labels[i] = jumpTarget(frame, stubs);
        frame.isCaseLabel |= own >= BIG_SWITCH_TARGETS && !state.isDebuggable();
      }
      if (hasOuter) {
        writer.insn(Opcodes.DUP);
        writer.store(JvmKind.INT, state.exitSlot());
      }
      writeSwitch(Arrays.copyOf(distinct, own), labels, hasOuter ? outer : labels[own - 1]);
      stubs.forEach(this::writeStub);
      if (hasOuter) {
        state.writeLabel(outer);
        writer.load(JvmKind.INT, state.exitSlot());
      }
    }
    if (hasOuter) {
      BitSet codes = new BitSet();
      for (int i = own; i < distinct.length; i++) {
        codes.set(size - distinct[i]);
      }
      writer.store(JvmKind.INT, state.exitSlot());
      String values = target(distinct[own]).branchKinds;
      for (int i = values.length() - 1; i >= 0; i--) {
        state.writeDeferred(i);
      }
      exits().keep(values);
      writer.iconst(size);
      writer.load(JvmKind.INT, state.exitSlot());
      writer.insn(Opcodes.ISUB);
      writer.store(JvmKind.INT, state.exitSlot());
      exits().pass(codes);
    }
    state.isReachable = false;
  }

  /// {@return where a switch jumps to for a frame: its label, or a stub that moves the values}
  private Label jumpTarget(ControlFrame frame, Map<ControlFrame, Label> stubs) {
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

  /// Writes the check by which running code is stopped.
  void writeStopCheck() {
    state.instance.writeInstance();
    StopCheck.write(writer, context.kind);
  }
}
