package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.module.WasmModule;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// The JVM method that a function becomes, while it is written: slots, operands and frames.
final class MethodState {
  /*
   * Local variables, in order: what [SlotLayout] has; what [InstanceAccess] keeps of memory 0;
   * three scratch areas for the operands of one instruction; temporaries. The bytes are read again
   * after everything that may replace them. Temporaries hold the operands that are pending when a
   * block is entered and the values of labels; they are reserved in stack order.
   */
  /// The most words of operands on the stack of a JVM method; the limit of JVMS 4.7.3 is 65,535.
  private static final int MAX_STACK_WORDS = 60_000;

  /// A block with at most this many parameters has them put on the JVM stack with what comes after
  /// them; more would have to be moved again and again.
  private static final int MAX_FLUSHED_PARAMS = 8;

  /// A function with at most this many results returns wherever it ends; one with more has one
  /// return, to which all branches jump.
  private static final int MAX_RETURNED_RESULTS = 8;

  final BytecodeWriter writer;
  final OperandStack operands;

  /// The open frames of the function, the outermost first; the methods of regions share the list.
  final List<ControlFrame> control;

  final ModulePlan plan;
  final WasmModule module;
  final CallShape shape;
  final int instanceSlot;
  final InstanceAccess instance;
  final int scratchAddress;
  final int scratchValue;
  final int scratchOther;
  final DebugEmitter debug;
  final VectorWriter vectors;
  final PackedOperands vectorOperands;
  final FrameArrayEmitter frameArrays;

  /// How vectors are objects, where they are.
  final @Nullable PackedPlan packed;

  /// What is known in optimized code.
  final @Nullable FunctionAnalysis analysis;

  /// What optimized code knows of its locals at the instruction that is written now.
  final @Nullable LocalFacts facts;

  /// Whether control can reach the next instruction.
  boolean isReachable = true;

  /// The letters of all Wasm locals, parameters first.
  private final String locals;

  private final JvmKind[] localKinds;
  private final SlotLayout slots;
  private final Temporaries temporaries;
  private final FrameWriter frames;

  /// The number of frames around the method, which it can only leave for.
  private final int outerFrames;

  /// What the operands outside of all own frames belong to, in the method of a region.
  private final @Nullable ControlFrame regionFrame;

  /// The number of operands of the function below those that the method sees.
  private int frameHeight;

  /// The words that these operands would take on a JVM stack.
  private int frameWords;

  private final Map<Integer, ControlFrame.Alias> aliases = new HashMap<>();

  /// Where the function jumps to for a tail call of itself.
  private @Nullable Label start;

  /// Operands below this index are settled: see [OperandStack].
  private int settledEnd;

  /// Operands from the settled ones up to this index are on the JVM stack.
  private int onStackEnd;

  /// @param slots where parameters, instance and Wasm locals are
  /// @param caller what calls the method, if it is that of a region
  MethodState(
      BytecodeWriter writer,
      FunctionContext context,
      SlotLayout slots,
      boolean cachesMemory,
      @Nullable MethodState caller) {
    this.locals = context.locals;
    this.writer = writer;
    this.plan = context.plan;
    this.module = plan.module();
    this.shape = context.shape;
    this.slots = slots;
    this.debug = new DebugEmitter(this);
    this.vectors = new VectorWriter(writer);
    this.frameArrays = new FrameArrayEmitter(writer, slots);
    this.packed = context.packed;
    this.analysis = context.analysis;
    this.facts = analysis == null ? null : new LocalFacts(analysis);
    localKinds = new JvmKind[locals.length()];
    for (int i = 0; i < localKinds.length; i++) {
      localKinds[i] = JvmKind.of(locals.charAt(i));
    }
    int slot = slots.end();
    List<Object> variables = new ArrayList<>(slots.frame());
    instanceSlot = slots.instanceSlot();
    instance =
        new InstanceAccess(
            writer,
            plan,
            context.functionIndex,
            instanceSlot,
            cachesMemory ? slot : -1,
            context.isLarge());
    variables.addAll(instance.frameTypes());
    slot += instance.frameTypes().size();
    scratchAddress = slot;
    scratchValue = slot + 2;
    scratchOther = slot + 4;
    variables.addAll(Collections.nCopies(6, Opcodes.TOP));
    temporaries = new Temporaries(slot + 6);
    operands = new OperandStack(temporaries);
    frames = new FrameWriter(writer, operands, temporaries, variables);
    vectorOperands = new PackedOperands(this);
    control = caller == null ? new ArrayList<>() : caller.control;
    outerFrames = control.size();
    regionFrame =
        caller == null
            ? null
            : new ControlFrame(
                ControlFrame.Kind.REGION, -1, 0, "", new int[0], temporaries.first());
  }

  // Locals.

  /// Writes what a method begins with: values of the locals, the memory and its bytes.
  ///
  /// @param isTarget whether the function jumps to its start to call itself
  void writeProlog(int functionIndex, boolean isTarget) {
    if (isTarget) {
      start = new Label();
      frames.writeStart(start, slots.frameSizeAtStart(shape));
    }
    if (isDebuggable()) {
      debug.enter(functionIndex, locals, shape);
    } else {
      writeLocals();
    }
    if (slots.exitSlot() >= 0) {
      clearExit();
    }
    instance.cacheMemory();
    control.add(
        new ControlFrame(
            ControlFrame.Kind.FUNCTION,
            0,
            0,
            letters(shape.results()),
            shape.results().length() > MAX_RETURNED_RESULTS
                ? SlotLayout.consecutive(temporaries.first(), letters(shape.results()))
                : new int[0],
            temporaries.first()));
  }

  private void writeLocals() {
    int stackParams = shape.stackParams();
    int paramSlot = 0;
    for (int i = 0; i < localKinds.length; i++) {
      JvmKind kind = localKinds[i];
      if (i < stackParams) {
        if (slots.isFramed(i)) {
          writer.load(kind, paramSlot);
          frameArrays.store(kind, slots.frameIndex(i));
        }
        if (kind == JvmKind.PACKED) {
          vectors.load(paramSlot);
          storeVectorParameter(i);
        }
        paramSlot += shape.param(i).slots();
      } else if (i < shape.params().length()) {
        JvmKind passed = shape.param(i);
        CallEmitter.readResult(writer, instanceSlot, CallEmitter.transferSlot(shape, i), passed);
        if (kind == JvmKind.PACKED) {
          vectors.pack(scratchValue, scratchOther);
          storeVectorParameter(i);
        } else {
          storeLocal(i);
        }
      } else if (!slots.isFramed(i)) {
        writeZero(i);
      }
    }
  }

  private void writeZero(int local) {
    JvmKind kind = localKinds[local];
    if (kind == JvmKind.PACKED) {
      vectors.zero(localLanes(local));
    } else {
      writeConstant(kind, 0, 0);
    }
    writer.store(kind, slots.slot(local));
  }

  private void storeVectorParameter(int local) {
    vectors.viewFrom(LaneType.LONG, localLanes(local));
    writer.store(JvmKind.PACKED, slots.slot(local));
  }

  /// {@return letters of [JvmKind] for values in this method}
  private String letters(String ofShape) {
    return packed == null ? ofShape : PackedPlan.letters(ofShape);
  }

  /// {@return the shape of the block at which the reader stands, with the kinds of this method}
  CallShape blockShape(InstructionReader reader) {
    CallShape shape = plan.blockShape(reader);
    return packed == null
        ? shape
        : new CallShape(letters(shape.params()), letters(shape.results()));
  }

  /// {@return the lanes in which a Wasm local is kept that is a vector object; else without
  /// meaning}
  LaneType localLanes(int local) {
    return packed == null ? LaneType.BYTE : packed.lanes(local);
  }

  /// {@return where the function starts, or null if it cannot be jumped to}
  @Nullable Label start() {
    return start;
  }

  /// Pops the arguments of a call of the function by itself, on top of the operands, into its
  /// parameters, and everything else off the JVM stack.
  void storeParameters() {
    int params = shape.params().length();
    for (int i = params - 1; i >= 0; i--) {
      writer.store(localKinds[i], slots.slot(i));
    }
    writePops(params);
  }

  /// Writes what the method of a region begins with, which sees the frames around it as exits.
  ///
  /// @param caller the method that calls it, all operands of its current frame being in constants
  ///   or in the frame arrays
  /// @param left the locals that the caller left in slots of the store
  /// @param own those that the caller has no value for that matters
  void writeRegionProlog(MethodState caller, BitSet left, BitSet own) {
    RegionExits.readLocals(this, left);
    own.stream().forEach(this::writeZero);
    clearExit();
    if (isDebuggable()) {
      debug.readFrame();
    }
    instance.cacheMemory();
    frameHeight = caller.frameHeight + caller.base();
    frameWords = caller.frameWords + caller.operands.words(caller.base());
    for (int i = caller.base(); i < caller.operands.size(); i++) {
      operands.pushCopy(caller.operands, i);
    }
    settledEnd = operands.size();
    onStackEnd = settledEnd;
  }

  private void clearExit() {
    writer.iconst(0);
    writer.store(JvmKind.INT, slots.exitSlot());
  }

  /// {@return where the code of the exit is that a region took}
  int exitSlot() {
    return slots.exitSlot();
  }

  /// {@return whether the Wasm locals are in a debug frame, not in local variables}
  boolean isDebuggable() {
    return slots.debugFrameSlot() >= 0;
  }

  /// {@return where the debug frame is}
  int debugFrameSlot() {
    return slots.debugFrameSlot();
  }

  /// {@return where the array of the debug frame's locals is; the watch is behind it}
  int debugLocalsSlot() {
    return slots.debugLocalsSlot();
  }

  /// {@return the number of operands of the function that this method does not see}
  int operandBase() {
    return frameHeight;
  }

  JvmKind localKind(int local) {
    return localKinds[local];
  }

  /// {@return whether a Wasm local is in a frame array, not in a local variable}
  boolean isFramed(int local) {
    return slots.isFramed(local);
  }

  /// {@return whether the method has a Wasm local: that of a region has those that it uses}
  boolean hasLocal(int local) {
    return slots.isFramed(local) || slots.slot(local) >= 0;
  }

  /// {@return the slot to read a Wasm local from that is not framed: its youngest copy}
  int localSlot(int local) {
    ControlFrame.Alias alias = aliases.get(local);
    return alias == null ? slots.slot(local) : alias.copySlot();
  }

  /// Pushes a Wasm local to the JVM stack.
  void loadLocal(int local) {
    if (slots.isFramed(local)) {
      frameArrays.load(localKinds[local], slots.frameIndex(local));
    } else {
      writer.load(localKinds[local], localSlot(local));
    }
  }

  /// Reads a local from a copy of its own until the current frame ends.
  ///
  /// @return the slot of the copy
  int alias(int local) {
    ControlFrame frame = current();
    int slot = nextFreeSlot();
    frame.firstFreeSlot = slot + localKinds[local].slots();
    ControlFrame.Alias alias = new ControlFrame.Alias(local, slot, aliases.get(local));
    aliases.put(local, alias);
    frame.aliases.add(alias);
    temporaries.pin(slot, localKinds[local]);
    return slot;
  }

  /// Reserves two local variables of kind int for the counter of a loop.
  ///
  /// @return the first of them
  int reserveCounter(ControlFrame frame) {
    int slot = frame.firstFreeSlot;
    frame.firstFreeSlot += 2;
    return slot;
  }

  /// Notes that both variables of a loop's counter have values, until its frame ends.
  void beginCounter(ControlFrame frame, int slot) {
    frame.counterSlot = slot;
    temporaries.pin(slot, JvmKind.INT);
    temporaries.pin(slot + 1, JvmKind.INT);
  }

  /// Ends the aliases that were made in a frame.
  void dropAliases(ControlFrame frame) {
    for (int i = frame.aliases.size() - 1; i >= 0; i--) {
      ControlFrame.Alias alias = frame.aliases.get(i);
      temporaries.unpin(alias.copySlot(), localKinds[alias.local()]);
      if (alias.outer() == null) {
        aliases.remove(alias.local());
      } else {
        aliases.put(alias.local(), alias.outer());
      }
    }
    frame.aliases.clear();
  }

  /// Pops the value on top of the JVM stack into a Wasm local and into all its copies: when the
  /// frame of the innermost one ends, the local is read from the next one.
  void storeLocal(int local) {
    if (isDebuggable()) {
      debug.storeLocal(local);
      return;
    }
    if (facts != null) {
      facts.write(local);
    }
    JvmKind kind = localKinds[local];
    for (ControlFrame.@Nullable Alias a = aliases.get(local); a != null; a = a.outer()) {
      writer.insn(kind.slots() == 2 ? Opcodes.DUP2 : Opcodes.DUP);
      writer.store(kind, a.copySlot());
    }
    if (slots.isFramed(local)) {
      frameArrays.store(kind, slots.frameIndex(local));
    } else {
      writer.store(kind, slots.slot(local));
    }
  }

  /// Pops the value on top of the operands into a Wasm local and into all its copies.
  void setLocal(int local) {
    flushUsesBelowTop(local);
    if (localKinds[local] == JvmKind.PACKED) {
      writeTopVector(localLanes(local));
    } else {
      writeTop();
    }
    boolean isTruth = operands.isTruth(operands.size() - 1);
    operands.pop();
    clampToSize();
    storeLocal(local);
    if (facts != null && isTruth) {
      facts.writeTruth(local);
    }
  }

  /*
   * What waits in the current frame was read since the frame began, so it is in the local itself or
   * in the copy that is read now; older operands were spilled. A framed local never waits.
   */
  private void flushUsesBelowTop(int local) {
    if (slots.isFramed(local)) {
      return;
    }
    int slot = slots.slot(local);
    int alias = localSlot(local);
    for (int i = Math.max(onStackEnd, stackBase()); i < operands.size() - 1; i++) {
      if (operands.place(i) == OperandStack.LOCAL
          && (operands.slot(i) == slot || operands.slot(i) == alias)) {
        flushBelow(1);
        return;
      }
    }
  }

  /// {@return the Wasm local whose value the operand at `depth` is, or -1}
  int localOf(int depth) {
    int index = operands.size() - 1 - depth;
    return operands.place(index) == OperandStack.LOCAL ? slots.localAt(operands.slot(index)) : -1;
  }

  // Operands.

  /// {@return the innermost frame of the method}
  ControlFrame current() {
    return regionFrame != null && control.size() == outerFrames ? regionFrame : control.getLast();
  }

  /// {@return whether a frame is outside of the method}
  boolean isOuter(ControlFrame frame) {
    return frame.index < outerFrames;
  }

  /// {@return the number of frames around the method}
  int outerFrames() {
    return outerFrames;
  }

  private int base() {
    return current().height;
  }

  /// {@return the index of the first operand that may be on the JVM stack}
  private int stackBase() {
    return Math.max(base(), settledEnd);
  }

  private void clampToSize() {
    settledEnd = Math.min(settledEnd, operands.size());
    onStackEnd = Math.min(onStackEnd, operands.size());
  }

  /// Makes the top `count` operands ones that are put on the JVM stack when they are flushed.
  ///
  /// To be called before each instruction with the number of operands that it takes.
  void prepare(int count) {
    int from = operands.size() - count;
    if (from >= settledEnd) {
      return;
    }
    boolean hasStack = onStackEnd > stackBase();
    for (int i = stackBase(); i < operands.size() && !hasStack; i++) {
      hasStack = operands.place(i) == OperandStack.CONDITION;
    }
    if (hasStack) {
      spill();
    }
    settledEnd = Math.max(base(), from);
    onStackEnd = settledEnd;
  }

  /// {@return the kind of an operand counted from the top, which is 0}
  JvmKind peek(int depth) {
    return operands.kind(operands.size() - 1 - depth);
  }

  /// Puts all operands of the current frame on the JVM stack.
  void flush() {
    flushBelow(0);
  }

  /// Puts all operands of the current frame but the top `count` on the JVM stack.
  void flushBelow(int count) {
    int end = operands.size() - count;
    for (int i = Math.max(onStackEnd, stackBase()); i < end; i++) {
      materialize(i);
      operands.setOnStack(i);
      onStackEnd = i + 1;
    }
    checkStack();
  }

  private void checkStack() {
    int words = operands.words(onStackEnd) - operands.words(Math.min(stackBase(), onStackEnd));
    if (words > MAX_STACK_WORDS) {
      throw new CodeLimitException("operand stack words", words, MAX_STACK_WORDS);
    }
  }

  /// Writes the top operand, wherever it is, so that it is on the JVM stack.
  private void writeTop() {
    int top = operands.size() - 1;
    if (operands.place(top) != OperandStack.ON_STACK) {
      materialize(top);
    }
  }

  /// Writes the top operand, a vector object, so that it is on the JVM stack with other lanes.
  private void writeTopVector(LaneType wanted) {
    int top = operands.size() - 1;
    if (operands.place(top) == OperandStack.ON_STACK) {
      vectors.viewFrom(operands.lanes(top), wanted);
    } else {
      writeVector(0, wanted);
    }
  }

  /// {@return whether an operand, counted from the top, is a constant}
  boolean isConstant(int depth) {
    return operands.place(operands.size() - 1 - depth) == OperandStack.CONSTANT;
  }

  /// {@return the bits of a constant operand}
  long constant(int depth) {
    return operands.bits(operands.size() - 1 - depth);
  }

  /// Writes a deferred vector object with given lanes, without taking it from the operands.
  void writeVector(int depth, LaneType wanted) {
    int index = operands.size() - 1 - depth;
    if (operands.place(index) == OperandStack.CONSTANT) {
      vectors.constant(wanted, operands.bits(index), operands.high(index));
    } else {
      materialize(index);
      vectors.viewFrom(operands.lanes(index), wanted);
    }
  }

  private void materialize(int index) {
    switch (operands.place(index)) {
      case OperandStack.LOCAL -> writer.load(operands.kind(index), operands.slot(index));
      case OperandStack.FRAME -> frameArrays.load(operands.kind(index), operands.frameIndex(index));
      case OperandStack.CONSTANT ->
          writeConstant(operands.kind(index), operands.bits(index), operands.high(index));
      case OperandStack.CONDITION -> writeCondition(index);
      default -> throw new IllegalStateException("operand " + index + " is on the stack");
    }
  }

  /// Writes a deferred operand without taking it from the operands.
  void writeDeferred(int depth) {
    materialize(operands.size() - 1 - depth);
  }

  /// Writes one half of a deferred vector without taking it from the operands.
  void writeDeferredHalf(int depth, boolean isHigh) {
    int index = operands.size() - 1 - depth;
    switch (operands.place(index)) {
      case OperandStack.CONSTANT ->
          writer.lconst(isHigh ? operands.high(index) : operands.bits(index));
      case OperandStack.FRAME ->
          frameArrays.load(JvmKind.LONG, operands.frameIndex(index) + (isHigh ? 1 : 0));
      default -> writer.load(JvmKind.LONG, operands.slot(index) + (isHigh ? 2 : 0));
    }
  }

  /// {@return whether an operand, counted from the top, is a constant or in a variable}
  boolean isDeferred(int depth) {
    return isConstantOrVariable(operands.size() - 1 - depth);
  }

  private boolean isConstantOrVariable(int index) {
    byte place = operands.place(index);
    return place != OperandStack.ON_STACK && place != OperandStack.CONDITION;
  }

  /// @param high the high half of a vector
  void writeConstant(JvmKind kind, long bits, long high) {
    switch (kind) {
      case INT -> writer.iconst((int) bits);
      case LONG -> writer.lconst(bits);
      case FLOAT -> writer.fconst((int) bits);
      case DOUBLE -> writer.dconst(bits);
      case REF -> writer.insn(Opcodes.ACONST_NULL);
      case V128 -> {
        writer.lconst(bits);
        writer.lconst(high);
      }
      case PACKED -> vectors.constant(LaneType.BYTE, bits, high);
    }
  }

  /// Writes a condition as 0 or 1; all operands below it are on the JVM stack.
  private void writeCondition(int index) {
    int condition = operands.opcode(index);
    if (Conditions.writeNumber(writer, condition)) {
      return;
    }
    Label isTrue = new Label();
    Label end = new Label();
    writer.jump(Conditions.writeOperands(writer, condition), isTrue);
    writer.iconst(0);
    writer.jump(Opcodes.GOTO, end);
    writeFrame(isTrue, index, /* extraInt= */ false);
    writer.iconst(1);
    writeFrame(end, index, /* extraInt= */ true);
  }

  /// {@return whether the top operand is a condition that is a jump on the result of a comparison,
  /// which nothing else uses}
  boolean leavesResult() {
    int top = operands.size() - 1;
    return operands.place(top) == OperandStack.CONDITION
        && Conditions.leavesResult(operands.opcode(top));
  }

  /// Takes the top operand, an i32, as a condition.
  ///
  /// All operands below it must be on the JVM stack or in local variables already.
  ///
  /// @return the jump that is taken if the operand is not 0
  int takeCondition() {
    int top = operands.size() - 1;
    int opcode = Opcodes.IFNE;
    switch (operands.place(top)) {
      case OperandStack.CONDITION ->
          opcode = Conditions.writeOperands(writer, operands.opcode(top));
      case OperandStack.ON_STACK -> {}
      default -> materialize(top);
    }
    pop();
    return opcode;
  }

  /// Takes note that the top operand was consumed.
  void pop() {
    operands.pop();
    clampToSize();
  }

  /// Takes note that operands were consumed.
  void pop(int count) {
    operands.truncate(operands.size() - count);
    clampToSize();
  }

  /// Takes note of a value that was just written; everything below it is on the JVM stack.
  void pushOnStack(JvmKind kind) {
    operands.pushOnStack(kind);
    onStackEnd = operands.size();
    checkStack();
  }

  /// Takes note of values that were just written, by their letters.
  void pushOnStack(String kinds) {
    for (int i = 0; i < kinds.length(); i++) {
      pushOnStack(JvmKind.of(kinds.charAt(i)));
    }
  }

  /// Takes note of a vector whose halves were just written.
  ///
  /// It stays on the JVM stack if everything below is there too, or settled. Else it is put into
  /// variables of its own, so that what is below may stay deferred: most instructions on vectors
  /// need their operands there, since they use them twice.
  void pushVector() {
    if (onStackEnd == operands.size()) {
      pushOnStack(JvmKind.V128);
    } else {
      int slot = nextFreeSlot();
      writer.store(JvmKind.V128, slot);
      operands.pushLocal(JvmKind.V128, slot);
    }
  }

  /// The same for a vector object with lanes of a type.
  void pushPacked(LaneType type) {
    if (onStackEnd == operands.size()) {
      pushOnStack(JvmKind.PACKED);
    } else {
      int slot = nextFreeSlot();
      writer.store(JvmKind.PACKED, slot);
      operands.pushLocal(JvmKind.PACKED, slot);
    }
    operands.setLanes(operands.size() - 1, type);
  }

  /// {@return the number of operands of the current frame that are on the JVM stack}
  int onStackCount() {
    return Math.max(0, onStackEnd - stackBase());
  }

  /// {@return whether a condition that is not written yet waits below the top operand}
  boolean hasConditionBelowTop() {
    for (int i = Math.max(onStackEnd, stackBase()); i < operands.size() - 1; i++) {
      if (operands.place(i) == OperandStack.CONDITION) {
        return true;
      }
    }
    return false;
  }

  /// Settles all operands of the current frame: moves them off the JVM stack and out of variables
  /// that change.
  void spill() {
    flushConditions();
    int next = nextFreeSlot();
    for (int i = operands.size() - 1; i >= stackBase(); i--) {
      boolean isOnStack = operands.place(i) == OperandStack.ON_STACK;
      if (isOnStack
          || (operands.place(i) == OperandStack.LOCAL && temporaries.isMutable(operands.slot(i)))) {
        JvmKind kind = operands.kind(i);
        if (!isOnStack) {
          writer.load(kind, operands.slot(i));
        }
        writer.store(kind, next);
        operands.setLocal(i, next);
        next += kind.slots();
      }
    }
    settledEnd = operands.size();
    onStackEnd = settledEnd;
  }

  /// Settles all operands of the current frame where the methods of other parts of the function can
  /// reach them: as constants, or in the frame arrays, at their height in the function.
  void spillToFrame() {
    flushConditions();
    for (int i = operands.size() - 1; i >= base(); i--) {
      byte place = operands.place(i);
      if (place == OperandStack.ON_STACK || place == OperandStack.LOCAL) {
        JvmKind kind = operands.kind(i);
        if (place == OperandStack.LOCAL) {
          writer.load(kind, operands.slot(i));
        }
        int element = slots.operandIndex(kind, frameWords + operands.words(i));
        frameArrays.store(kind, element);
        operands.setFrame(i, element);
      }
    }
    settledEnd = operands.size();
    onStackEnd = settledEnd;
  }

  /// Replaces the operands of the current frame, which are settled, by those with which a region
  /// ended.
  void takeOperands(MethodState region) {
    operands.truncate(current().height);
    for (int i = 0; i < region.operands.size(); i++) {
      operands.pushCopy(region.operands, i);
    }
    settledEnd = operands.size();
    onStackEnd = settledEnd;
  }

  /// Gets the top operands off the JVM stack, so that they can be written in any order.
  void deferTop(int count) {
    int from = operands.size() - count;
    for (int i = Math.max(onStackEnd, from); i < operands.size(); i++) {
      if (operands.place(i) == OperandStack.CONDITION) {
        flush();
        break;
      }
    }
    int next = nextFreeSlot();
    for (int i = onStackEnd - 1; i >= from; i--) {
      JvmKind kind = operands.kind(i);
      writer.store(kind, next);
      operands.setLocal(i, next);
      next += kind.slots();
    }
    onStackEnd = Math.min(onStackEnd, from);
  }

  private void flushConditions() {
    for (int i = Math.max(onStackEnd, stackBase()); i < operands.size(); i++) {
      if (operands.place(i) == OperandStack.CONDITION) {
        flush();
        return;
      }
    }
  }

  /// {@return the first local variable that holds nothing of the current frame}
  int nextFreeSlot() {
    return Math.max(current().firstFreeSlot, temporaries.end());
  }

  // Control.

  /// Opens a frame for a block whose parameters are on top of the operands, all of them spilled.
  ///
  /// The variables of its results are written right before its end, so what is in the block may use
  /// them for something else.
  ControlFrame enter(ControlFrame.Kind kind, String params, String results) {
    int first = nextFreeSlot();
    ControlFrame frame =
        new ControlFrame(
            kind,
            control.size(),
            operands.size() - params.length(),
            results,
            SlotLayout.consecutive(first, results),
            first);
    control.add(frame);
    if (params.length() <= MAX_FLUSHED_PARAMS) {
      settledEnd = frame.height;
      onStackEnd = settledEnd;
    }
    return frame;
  }

  /// Gives the parameters of a loop variables of their own, which its branches assign.
  void reserveLoopParameters(ControlFrame frame, String params) {
    int[] slots = new int[params.length()];
    for (int i = 0; i < slots.length; i++) {
      JvmKind kind = JvmKind.of(params.charAt(i));
      int index = frame.height + i;
      if (operands.place(index) != OperandStack.LOCAL || kind == JvmKind.PACKED) {
        int slot = nextFreeSlot();
        if (kind == JvmKind.PACKED) {
          // Labels take bytes.
          writeVector(operands.size() - 1 - index, LaneType.BYTE);
        } else {
          materialize(index);
        }
        writer.store(kind, slot);
        if (kind == JvmKind.PACKED) {
          operands.setPacked(index, slot);
        } else {
          operands.setLocal(index, slot);
        }
      }
      slots[i] = operands.slot(index);
      operands.forgetValue(index);
    }
    frame.branchKinds = params;
    frame.branchSlots = slots;
    operands.markUnchanged(Math.min(operands.unchanged(), frame.height));
  }

  /// Closes the current frame and makes its results the topmost operands of the one around it.
  ControlFrame leave() {
    ControlFrame frame = control.removeLast();
    dropAliases(frame);
    if (frame.counterSlot >= 0) {
      temporaries.unpin(frame.counterSlot, JvmKind.INT);
      temporaries.unpin(frame.counterSlot + 1, JvmKind.INT);
    }
    if (frame.caughtSlot >= 0) {
      temporaries.unpin(frame.caughtSlot, JvmKind.REF);
    }
    takeResults(frame);
    return frame;
  }

  /// Replaces the operands of a frame by its results, which are in their variables.
  void takeResults(ControlFrame frame) {
    truncate(frame.height);
    for (int i = 0; i < frame.resultSlots.length; i++) {
      operands.pushLocal(JvmKind.of(frame.results.charAt(i)), frame.resultSlots[i]);
    }
  }

  /// Drops all operands from an index on, which nothing but settled ones lies below.
  private void truncate(int size) {
    operands.truncate(size);
    settledEnd = size;
    onStackEnd = size;
  }

  /// Begins another part of the current frame, without operands of its own.
  void restart(ControlFrame frame) {
    dropAliases(frame);
    truncate(frame.height);
  }

  /// Notes that the exception which a frame has caught is in a variable, until the frame ends.
  void beginCaught(ControlFrame frame, int slot) {
    frame.caughtSlot = slot;
    temporaries.pin(slot, Names.THROWN);
    if (slots.keepsCaught()) {
      writer.aload(slot);
      frameArrays.store(JvmKind.REF, slots.caughtIndex(frame));
    }
  }

  /// Pushes the exception that a frame outside of the method has caught.
  void loadOuterCaught(ControlFrame frame) {
    frameArrays.load(JvmKind.REF, slots.caughtIndex(frame));
    writer.checkcast(Names.THROWN);
  }

  /// Begins the `else` of the current frame with the operands that its `if` began with.
  void restoreParameters(ControlFrame frame) {
    restart(frame);
    if (frame.parameters != null) {
      for (ControlFrame.Parameter parameter : frame.parameters) {
        switch (parameter.place()) {
          case OperandStack.CONSTANT ->
              operands.pushConstant(parameter.kind(), parameter.value(), parameter.high());
          case OperandStack.FRAME -> operands.pushFrame(parameter.kind(), (int) parameter.value());
          default -> {
            operands.pushLocal(parameter.kind(), (int) parameter.value());
            operands.setLanes(operands.size() - 1, LaneType.at((int) parameter.high()));
          }
        }
      }
    }
  }

  /// Remembers the parameters of an `if`, which are all deferred.
  void saveParameters(ControlFrame frame) {
    List<ControlFrame.Parameter> parameters = new ArrayList<>();
    for (int i = frame.height; i < operands.size(); i++) {
      parameters.add(
          new ControlFrame.Parameter(
              operands.place(i), operands.kind(i), operands.bits(i), operands.high(i)));
    }
    frame.parameters = parameters;
  }

  /// Pops the topmost values of the JVM stack, all of the kinds that `kinds` lists, into slots.
  void storeValues(String kinds, int[] slots) {
    for (int i = slots.length - 1; i >= 0; i--) {
      JvmKind kind = JvmKind.of(kinds.charAt(i));
      if (kind == JvmKind.PACKED) {
        vectors.view(LaneType.BYTE);
      }
      writer.store(kind, slots[i]);
    }
  }

  /// Pops the operands of the current frame that are on the JVM stack, but for the top `kept`.
  void writePops(int kept) {
    for (int i = onStackEnd - 1 - kept; i >= stackBase(); i--) {
      writer.pop(operands.kind(i));
    }
  }

  /// Places a label that is jumped to, with the operands as they are.
  void writeLabel(Label label) {
    writeFrame(label, onStackEnd, /* extraInt= */ false);
  }

  /// Places a label to which the JVM goes with an exception; the current frame has no operands.
  void writeHandler(Label label) {
    frames.writeHandler(label);
  }

  private void writeFrame(Label label, int stackEnd, boolean extraInt) {
    frames.write(label, stackBase(), stackEnd, extraInt);
  }
}
