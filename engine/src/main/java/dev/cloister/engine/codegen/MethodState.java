package dev.cloister.engine.codegen;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.MemoryForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// The JVM method that a function becomes, while it is written: slots, operands and frames.
final class MethodState {
  /*
   * Local variables, in order: the Wasm parameters; the instance; the other Wasm locals; the
   * memory 0 and its bytes; three scratch areas for the operands of one instruction;
   * temporaries. The bytes are read again after everything that may replace them. Temporaries
   * hold the operands that are pending when a block is entered and the values of labels; they
   * are reserved in stack order.
   */
  /// The most local variables of a JVM method that Wasm locals may take.
  private static final int MAX_LOCAL_SLOTS = 60_000;

  /// The most words of operands on the JVM stack: less than the JVM's 65,535 by what single
  /// instructions put on top of them.
  private static final int MAX_STACK_WORDS = 65_000;

  final BytecodeWriter writer;
  final OperandStack operands = new OperandStack();
  final List<ControlFrame> control = new ArrayList<>();
  final ModulePlan plan;
  final WasmModule module;
  final CallShape shape;
  final int instanceSlot;
  final int scratchAddress;
  final int scratchValue;
  final int scratchOther;
  final DebugEmitter debug;

  /// What is known in optimized code.
  final @Nullable FunctionAnalysis analysis;

  /// The addresses that optimized code need not check again.
  final @Nullable CheckedAddresses checkedAddresses;

  /// Whether control can reach the next instruction.
  boolean isReachable = true;

  private final JvmKind[] localKinds;
  private final SlotLayout slots;
  private final int operandBase;
  private final int firstTemporary;
  private final Object[] fixedFrame;
  private final int fixedFrameLength;
  private final int memorySlot;
  private final boolean cachesMemory;
  private final boolean reloadsMemory;
  private final BitSet aliasSlots = new BitSet();

  /// Where the function jumps to for a tail call of itself.
  private @Nullable Label start;

  /// Operands from the current frame's height up to this index are on the JVM stack.
  private int onStackEnd;

  private Object[] frameLocals = new Object[64];
  private Object[] frameStack = new Object[16];

  /// @param slots where parameters, instance and Wasm locals are
  /// @param locals the letters of all Wasm locals, parameters first
  /// @param operandBase the number of operands of the function that this method does not see
  /// @param analysis facts about the function in optimized code, else null
  MethodState(
      BytecodeWriter writer,
      ModulePlan plan,
      CallShape shape,
      String locals,
      SlotLayout slots,
      int operandBase,
      boolean cachesMemory,
      @Nullable FunctionAnalysis analysis) {
    this.writer = writer;
    this.plan = plan;
    this.module = plan.module();
    this.shape = shape;
    this.slots = slots;
    this.operandBase = operandBase;
    this.debug = new DebugEmitter(this);
    this.analysis = analysis;
    this.checkedAddresses = analysis == null ? null : new CheckedAddresses(analysis);
    localKinds = new JvmKind[locals.length()];
    for (int i = 0; i < localKinds.length; i++) {
      localKinds[i] = JvmKind.of(locals.charAt(i));
    }
    int slot = slots.end();
    if (slot > MAX_LOCAL_SLOTS) {
      throw new CodeLimitException("local variables", slot, MAX_LOCAL_SLOTS);
    }
    int entries = slots.frame().size();
    fixedFrame = slots.frame().toArray(new Object[entries + 8]);
    instanceSlot = slots.instanceSlot();
    this.cachesMemory = cachesMemory;
    memorySlot = slot;
    if (cachesMemory) {
      MemoryForm form = form(0);
      fixedFrame[entries++] = Names.memory(form);
      fixedFrame[entries++] = form == MemoryForm.SEGMENT ? Names.SEGMENT : "[B";
      slot += 2;
      // What a host function calls, and what others do with an exported memory, may let it grow.
      boolean isVisible = plan.layout().isMemoryExported() || module.importedFunctionCount() > 0;
      reloadsMemory =
          switch (form) {
            case EXACT -> isVisible;
            case LIMIT -> true;
            case SEGMENT -> false; // It grows without moving.
          };
    } else {
      reloadsMemory = false;
    }
    scratchAddress = slot;
    scratchValue = slot + 2;
    scratchOther = slot + 4;
    for (int i = 0; i < 6; i++) {
      fixedFrame[entries++] = Opcodes.TOP;
    }
    firstTemporary = slot + 6;
    fixedFrameLength = entries;
  }

  // Locals.

  /// Writes what a method begins with: defaults of the locals, the memory and its bytes.
  ///
  /// @param locals the letters of all Wasm locals, parameters first
  /// @param isTarget whether the function jumps to its start to call itself
  void writeProlog(int functionIndex, String locals, boolean isTarget) {
    if (isTarget) {
      start = new Label();
      int entries = shape.frameTypes().size() + 1;
      writer.labelWithFrame(start, entries, fixedFrame, 0, frameStack);
    }
    if (isDebuggable()) {
      debug.enter(functionIndex, locals, shape.params().length());
    } else {
      for (int i = shape.params().length(); i < localKinds.length; i++) {
        writeConstant(localKinds[i], 0, 0);
        writer.store(localKinds[i], slots.slot(i));
      }
    }
    if (slots.exitSlot() >= 0) {
      clearExit();
    }
    cacheMemory();
    control.add(
        new ControlFrame(
            ControlFrame.Kind.FUNCTION, 0, shape.results(), new int[0], firstTemporary));
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
  /// @param outer the frames around the region, from the function's to the innermost
  /// @param caught those of them whose caught exceptions the region is given
  void writeRegionProlog(List<ControlFrame> outer, List<ControlFrame> caught) {
    clearExit();
    cacheMemory();
    for (ControlFrame frame : outer) {
      ControlFrame exit =
          new ControlFrame(
              ControlFrame.Kind.EXIT, 0, frame.branchKinds, new int[0], firstTemporary);
      exit.isProtected = frame.kind == ControlFrame.Kind.TRY || frame.isProtected;
      int given = caught.indexOf(frame);
      if (given >= 0) {
        exit.caughtSlot = slots.caughtSlots()[given];
      }
      control.add(exit);
    }
    for (int i = 0; i < slots.operandSlots().length; i++) {
      operands.pushLocal(slots.operandKind(i), slots.operandSlots()[i]);
    }
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

  /// {@return the number of operands of the function that this method does not see}
  int operandBase() {
    return operandBase;
  }

  private void cacheMemory() {
    if (cachesMemory) {
      writeMemory(0);
      writer.insn(Opcodes.DUP);
      writer.store(JvmKind.REF, memorySlot);
      writeContentOf(form(0));
      writer.store(JvmKind.REF, memorySlot + 1);
    }
  }

  JvmKind localKind(int local) {
    return localKinds[local];
  }

  /// {@return the slot to read a Wasm local from: its innermost copy, the youngest first}
  int localSlot(int local) {
    // Aliases are rare: most functions have none at all.
    for (int i = control.size() - 1; i >= 0 && !aliasSlots.isEmpty(); i--) {
      List<ControlFrame.Alias> aliases = control.get(i).aliases;
      for (int j = aliases.size() - 1; j >= 0; j--) {
        if (aliases.get(j).local() == local) {
          return aliases.get(j).copySlot();
        }
      }
    }
    return slots.slot(local);
  }

  /// Reads a local from a copy of its own until the current frame ends.
  ///
  /// @return the slot of the copy
  int alias(int local) {
    ControlFrame frame = current();
    int slot = nextFreeSlot();
    frame.firstFreeSlot = slot + localKinds[local].slots();
    frame.aliases.add(new ControlFrame.Alias(local, slot));
    aliasSlots.set(slot);
    return slot;
  }

  /// Ends the aliases that were made in a frame.
  void dropAliases(ControlFrame frame) {
    for (ControlFrame.Alias alias : frame.aliases) {
      aliasSlots.clear(alias.copySlot());
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
    if (checkedAddresses != null) {
      checkedAddresses.write(local);
    }
    JvmKind kind = localKinds[local];
    for (int i = 0; i < control.size() && !aliasSlots.isEmpty(); i++) {
      for (ControlFrame.Alias alias : control.get(i).aliases) {
        if (alias.local() == local) {
          writer.insn(kind.slots() == 2 ? Opcodes.DUP2 : Opcodes.DUP);
          writer.store(kind, alias.copySlot());
        }
      }
    }
    writer.store(kind, slots.slot(local));
  }

  /// Pops the value on top of the operands into a Wasm local and into all its copies.
  void setLocal(int local) {
    flushUsesBelowTop(local);
    writeTop();
    operands.pop();
    clampOnStack();
    storeLocal(local);
  }

  /*
   * What waits in the current frame was read since the frame began, so it is in the local itself or
   * in the copy that is read now; older operands were spilled.
   */
  private void flushUsesBelowTop(int local) {
    int slot = slots.slot(local);
    int alias = localSlot(local);
    for (int i = Math.max(onStackEnd, base()); i < operands.size() - 1; i++) {
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

  ControlFrame current() {
    return control.getLast();
  }

  private int base() {
    return current().height;
  }

  private void clampOnStack() {
    onStackEnd = Math.min(onStackEnd, operands.size());
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
    for (int i = Math.max(onStackEnd, base()); i < end; i++) {
      materialize(i);
      operands.setOnStack(i);
      onStackEnd = i + 1;
    }
    checkStack();
  }

  private void checkStack() {
    int words = operands.words(onStackEnd) - operands.words(Math.min(base(), onStackEnd));
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

  private void materialize(int index) {
    switch (operands.place(index)) {
      case OperandStack.LOCAL -> writer.load(operands.kind(index), operands.slot(index));
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
    if (operands.place(index) == OperandStack.CONSTANT) {
      writer.lconst(isHigh ? operands.high(index) : operands.bits(index));
    } else {
      writer.load(JvmKind.LONG, operands.slot(index) + (isHigh ? 2 : 0));
    }
  }

  /// {@return whether an operand, counted from the top, is a constant or in a local variable}
  boolean isDeferred(int depth) {
    byte place = operands.place(operands.size() - 1 - depth);
    return place == OperandStack.LOCAL || place == OperandStack.CONSTANT;
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
    }
  }

  /// Writes a condition as 0 or 1; all operands below it are on the JVM stack.
  private void writeCondition(int index) {
    Label isTrue = new Label();
    Label end = new Label();
    writer.jump(operands.opcode(index), isTrue);
    writer.iconst(0);
    writer.jump(Opcodes.GOTO, end);
    writeFrame(isTrue, index, /* extraInt= */ false);
    writer.iconst(1);
    writeFrame(end, index, /* extraInt= */ true);
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
      case OperandStack.CONDITION -> opcode = operands.opcode(top);
      case OperandStack.ON_STACK -> {}
      default -> materialize(top);
    }
    pop();
    return opcode;
  }

  /// Takes note that the top operand was consumed.
  void pop() {
    operands.pop();
    clampOnStack();
  }

  /// Takes note that operands were consumed.
  void pop(int count) {
    operands.truncate(operands.size() - count);
    clampOnStack();
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
  /// It stays on the JVM stack if everything below is there too. Else it is put into variables of
  /// its own, so that what is below may stay deferred: most instructions on vectors need their
  /// operands there, since they use them twice.
  void pushVector() {
    if (onStackEnd == operands.size()) {
      pushOnStack(JvmKind.V128);
    } else {
      int slot = nextFreeSlot();
      writer.store(JvmKind.V128, slot);
      operands.pushLocal(JvmKind.V128, slot);
    }
  }

  /// {@return the kinds of the operands of the current frame, the lowest first}
  String currentKinds() {
    StringBuilder kinds = new StringBuilder();
    for (int i = base(); i < operands.size(); i++) {
      kinds.append(operands.kind(i).code());
    }
    return kinds.toString();
  }

  /// {@return the number of operands of the current frame that are on the JVM stack}
  int onStackCount() {
    return Math.max(0, onStackEnd - base());
  }

  /// {@return whether a condition that is not written yet waits below the top operand}
  boolean hasConditionBelowTop() {
    for (int i = Math.max(onStackEnd, base()); i < operands.size() - 1; i++) {
      if (operands.place(i) == OperandStack.CONDITION) {
        return true;
      }
    }
    return false;
  }

  /// Moves all operands of the current frame off the JVM stack and out of variables that change.
  void spill() {
    int size = operands.size();
    for (int i = Math.max(onStackEnd, base()); i < size; i++) {
      if (operands.place(i) == OperandStack.CONDITION) {
        flush();
        break;
      }
    }
    int next = nextFreeSlot();
    for (int i = size - 1; i >= base(); i--) {
      byte place = operands.place(i);
      boolean isOnStack = place == OperandStack.ON_STACK;
      if (isOnStack || (place == OperandStack.LOCAL && isMutable(operands.slot(i)))) {
        JvmKind kind = operands.kind(i);
        if (!isOnStack) {
          writer.load(kind, operands.slot(i));
        }
        writer.store(kind, next);
        operands.setLocal(i, next);
        next += kind.slots();
      }
    }
    operands.measure(base());
    onStackEnd = base();
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
    operands.measure(from);
    onStackEnd = Math.min(onStackEnd, from);
  }

  private boolean isMutable(int slot) {
    return slot < firstTemporary || aliasSlots.get(slot);
  }

  /// {@return the first local variable that holds nothing of the current frame}
  private int nextFreeSlot() {
    return Math.max(current().firstFreeSlot, operands.slotsEnd());
  }

  // Control.

  /// Opens a frame for a block whose parameters are on top of the operands, all of them spilled.
  ControlFrame enter(ControlFrame.Kind kind, String params, String results) {
    int next = nextFreeSlot();
    int[] resultSlots = new int[results.length()];
    for (int i = 0; i < resultSlots.length; i++) {
      resultSlots[i] = next;
      next += JvmKind.of(results.charAt(i)).slots();
    }
    ControlFrame frame =
        new ControlFrame(kind, operands.size() - params.length(), results, resultSlots, next);
    control.add(frame);
    onStackEnd = frame.height;
    return frame;
  }

  /// Moves the parameters of a loop into variables of their own, which its branches assign.
  void reserveLoopParameters(ControlFrame frame, String params) {
    int[] slots = new int[params.length()];
    for (int i = 0; i < slots.length; i++) {
      JvmKind kind = JvmKind.of(params.charAt(i));
      slots[i] = frame.firstFreeSlot;
      frame.firstFreeSlot += kind.slots();
      int index = frame.height + i;
      materialize(index);
      writer.store(kind, slots[i]);
      operands.setLocal(index, slots[i]);
    }
    operands.measure(frame.height);
    frame.branchKinds = params;
    frame.branchSlots = slots;
    operands.markUnchanged(Math.min(operands.unchanged(), frame.height));
  }

  /// Closes the current frame and makes its results the topmost operands of the one around it.
  ControlFrame leave() {
    ControlFrame frame = control.removeLast();
    dropAliases(frame);
    operands.truncate(frame.height);
    onStackEnd = base();
    for (int i = 0; i < frame.resultSlots.length; i++) {
      operands.pushLocal(JvmKind.of(frame.results.charAt(i)), frame.resultSlots[i]);
    }
    return frame;
  }

  /// Begins another part of the current frame, without operands of its own.
  void restart(ControlFrame frame) {
    dropAliases(frame);
    operands.truncate(frame.height);
    onStackEnd = frame.height;
  }

  /// Begins the `else` of the current frame with the operands that its `if` began with.
  void restoreParameters(ControlFrame frame) {
    restart(frame);
    if (frame.parameters != null) {
      for (ControlFrame.Parameter parameter : frame.parameters) {
        if (parameter.place() == OperandStack.CONSTANT) {
          operands.pushConstant(parameter.kind(), parameter.value(), parameter.high());
        } else {
          operands.pushLocal(parameter.kind(), (int) parameter.value());
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
      writer.store(JvmKind.of(kinds.charAt(i)), slots[i]);
    }
  }

  /// Pops the operands of the current frame that are on the JVM stack, but for the top `kept`.
  void writePops(int kept) {
    for (int i = onStackEnd - 1 - kept; i >= base(); i--) {
      writer.pop(operands.kind(i));
    }
  }

  /// Places a label that is jumped to, with the operands as they are.
  void writeLabel(Label label) {
    writeFrame(label, onStackEnd, /* extraInt= */ false);
  }

  /// Places a label to which the JVM goes with an exception; the current frame has no operands.
  void writeHandler(Label label) {
    frameStack[0] = Names.THROWN;
    writer.labelWithFrame(label, collectLocals(), frameLocals, 1, frameStack);
  }

  /// @param stackEnd operands from the frame's height up to this index are on the JVM stack
  /// @param extraInt whether an int lies on top of them
  private void writeFrame(Label label, int stackEnd, boolean extraInt) {
    int stackCount = 0;
    int needed = 2 * Math.max(0, stackEnd - base()) + 1;
    if (frameStack.length < needed) {
      frameStack = new Object[needed * 2];
    }
    for (int i = base(); i < stackEnd; i++) {
      JvmKind kind = operands.kind(i);
      frameStack[stackCount++] = kind.frameType();
      if (kind == JvmKind.V128) {
        frameStack[stackCount++] = kind.frameType();
      }
    }
    if (extraInt) {
      frameStack[stackCount++] = Opcodes.INTEGER;
    }
    writer.labelWithFrame(label, collectLocals(), frameLocals, stackCount, frameStack);
  }

  /// Collects the types of all local variables that are needed from here on.
  private int collectLocals() {
    int end = firstTemporary;
    for (int i = 0; i < operands.size(); i++) {
      if (operands.place(i) == OperandStack.LOCAL) {
        end = Math.max(end, operands.slot(i) + operands.kind(i).slots());
      }
    }
    for (ControlFrame frame : control) {
      end = Math.max(end, frame.counterSlot < 0 ? end : frame.counterSlot + 2);
      end = Math.max(end, frame.caughtSlot + 1);
      for (ControlFrame.Alias alias : frame.aliases) {
        end = Math.max(end, alias.copySlot() + localKinds[alias.local()].slots());
      }
    }
    int temporaries = end - firstTemporary;
    int needed = fixedFrameLength + 2 * temporaries;
    if (frameLocals.length < needed) {
      frameLocals = new Object[needed * 2];
    }
    System.arraycopy(fixedFrame, 0, frameLocals, 0, fixedFrameLength);
    if (temporaries == 0) {
      return trimmed(fixedFrameLength);
    }
    // By slot first, behind the part that is handed out, then closed up: two slots are one entry.
    int from = fixedFrameLength + temporaries;
    Arrays.fill(frameLocals, from, from + temporaries, Opcodes.TOP);
    for (int i = 0; i < operands.size(); i++) {
      if (operands.place(i) == OperandStack.LOCAL && operands.slot(i) >= firstTemporary) {
        int entry = from + operands.slot(i) - firstTemporary;
        JvmKind kind = operands.kind(i);
        frameLocals[entry] = kind.frameType();
        if (kind == JvmKind.V128) {
          frameLocals[entry + 2] = kind.frameType();
        }
      }
    }
    for (ControlFrame frame : control) {
      if (frame.counterSlot >= 0) {
        frameLocals[from + frame.counterSlot - firstTemporary] = Opcodes.INTEGER;
        frameLocals[from + frame.counterSlot + 1 - firstTemporary] = Opcodes.INTEGER;
      }
      if (frame.caughtSlot >= firstTemporary) {
        frameLocals[from + frame.caughtSlot - firstTemporary] = Names.THROWN;
      }
      for (ControlFrame.Alias alias : frame.aliases) {
        frameLocals[from + alias.copySlot() - firstTemporary] =
            localKinds[alias.local()].frameType();
      }
    }
    int count = fixedFrameLength;
    for (int i = 0; i < temporaries; i++) {
      Object type = frameLocals[from + i];
      frameLocals[count++] = type;
      if (Opcodes.LONG.equals(type) || Opcodes.DOUBLE.equals(type)) {
        i++;
      }
    }
    return trimmed(count);
  }

  private int trimmed(int count) {
    int end = count;
    while (end > 0 && Opcodes.TOP.equals(frameLocals[end - 1])) {
      end--;
    }
    return end;
  }

  // Parts of the instance.

  void writeInstance() {
    writer.aload(instanceSlot);
  }

  /// {@return how a memory is kept}
  MemoryForm form(int memoryIndex) {
    return plan.layout().memoryForm(memoryIndex);
  }

  /// {@return the kind of addresses and sizes of a memory}
  JvmKind memoryAddress(int index) {
    return JvmKind.of(module.memoryType(index).limits().addressType());
  }

  /// {@return the kind of indices and sizes of a table}
  JvmKind tableAddress(int index) {
    return JvmKind.of(module.tableType(index).limits().addressType());
  }

  /// Writes a memory, as the class of its form.
  void writeMemory(int index) {
    writeInstance();
    String type = Names.memory(form(index));
    if (plan.layout().isField(index)) {
      writer.getfield(Names.INSTANCE, "m" + index, "L" + type + ";");
    } else {
      writer.getfield(Names.BASE_INSTANCE, "memories", "[" + Names.MEMORY_DESC);
      writer.iconst(index);
      writer.insn(Opcodes.AALOAD);
      writer.checkcast(type);
    }
  }

  /// Writes a memory, from the local variable where it is kept if it is kept in one.
  void writeCachedMemory(int index) {
    if (index == 0 && cachesMemory) {
      writer.aload(memorySlot);
    } else {
      writeMemory(index);
    }
  }

  /// Writes what holds the bytes of a memory: an array, or a segment.
  void writeContent(int index) {
    if (index == 0 && cachesMemory) {
      writer.aload(memorySlot + 1);
    } else {
      writeMemory(index);
      writeContentOf(form(index));
    }
  }

  private void writeContentOf(MemoryForm form) {
    if (form == MemoryForm.SEGMENT) {
      writer.getfield(Names.SEGMENT_MEMORY, "segment", Names.SEGMENT_DESC);
    } else {
      writer.getfield(Names.HEAP_MEMORY, "bytes", "[B");
    }
  }

  /// Writes the canonical id of one of the module's types.
  void writeTypeId(int typeIndex) {
    if (plan.layout().isField(typeIndex)) {
      writer.getstatic(Names.MODULE, "t" + typeIndex, "I");
    } else {
      writer.getstatic(Names.MODULE, "typeIds", "[I");
      writer.iconst(typeIndex);
      writer.insn(Opcodes.IALOAD);
    }
  }

  /// Writes a table.
  void writeTable(int index) {
    writeInstance();
    if (plan.layout().isField(index)) {
      writer.getfield(Names.INSTANCE, "t" + index, Names.TABLE_DESC);
    } else {
      writer.getfield(Names.BASE_INSTANCE, "tables", "[" + Names.TABLE_DESC);
      writer.iconst(index);
      writer.insn(Opcodes.AALOAD);
    }
  }

  /// Reads the bytes of memory 0 again after something that may have replaced them.
  void reloadMemory() {
    if (reloadsMemory) {
      writer.aload(memorySlot);
      writer.getfield(Names.HEAP_MEMORY, "bytes", "[B");
      writer.store(JvmKind.REF, memorySlot + 1);
    }
  }
}
