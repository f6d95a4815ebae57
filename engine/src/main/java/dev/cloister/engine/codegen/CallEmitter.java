package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.DefinedType;
import org.objectweb.asm.Opcodes;

/// Writes calls and returns: the one place that knows how values pass between functions.
///
/// Arguments and the first result are on the JVM stack, the instance is the last argument, further
/// results are in the store's result slots. Arguments that do not fit on the stack are in slots of
/// the store as well; the callee reads them before anything else, and nothing that is between
/// caller and callee uses the slots. Calls within the image are static and direct.
final class CallEmitter {
  /// The result slot of the high half of a vector that is the first result.
  private static final int FIRST_HIGH_SLOT = 0;

  /// The slot in which the first parameter would travel.
  static final int FIRST_TRANSFER_SLOT = 1;

  private final MethodState state;
  private final BytecodeWriter writer;

  CallEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `call`.
  void call(int functionIndex) {
    state.flush();
    CallShape shape = state.plan.shapeOfFunction(functionIndex);
    leaveArguments(writer, state.instanceSlot, shape);
    state.instance.writeInstance();
    writer.invokestatic(
        Names.chunk(state.plan.chunkOf(functionIndex)),
        state.plan.entryMethod(functionIndex),
        shape.descriptor(Names.INSTANCE_DESC));
    finish(shape);
    state.instance.expireMemoryAfter(functionIndex);
  }

  /// Writes `call_indirect`: a dispatch method of the shape checks the element and calls it.
  void callIndirect(InstructionReader reader) {
    state.flush();
    state.pop();
    if (state.instance.tableAddress(reader.index2()) == JvmKind.LONG) {
      writer.invokestatic(Names.TABLE, "narrow", "(J)I");
    }
    DefinedType type = state.module.type(reader.index());
    CallShape shape = state.plan.shapeAt(reader.index());
    leaveArgumentsBelow(JvmKind.INT, shape);
    state.instance.writeTable(reader.index2());
    state.instance.writeTypeId(reader.index());
    state.instance.writeInstance();
    writer.invokestatic(
        Names.dispatch(state.plan.shapeOf(type)),
        DispatchGenerator.INDIRECT,
        shape.descriptor(DispatchGenerator.INDIRECT_TRAILING));
    finish(shape);
    state.instance.expireMemory();
  }

  /// Writes `call_ref`.
  void callReference(InstructionReader reader) {
    state.flush();
    state.pop();
    DefinedType type = state.module.type(reader.index());
    CallShape shape = state.plan.shapeAt(reader.index());
    leaveArgumentsBelow(JvmKind.REF, shape);
    state.instance.writeInstance();
    writer.invokestatic(
        Names.dispatch(state.plan.shapeOf(type)),
        DispatchGenerator.REFERENCE,
        shape.descriptor(DispatchGenerator.REFERENCE_TRAILING));
    finish(shape);
    state.instance.expireMemory();
  }

  /// The same as [#leaveArguments] with a value of a kind on top of the arguments, which stays.
  private void leaveArgumentsBelow(JvmKind kind, CallShape shape) {
    if (shape.stackParams() == shape.params().length()) {
      return;
    }
    int slot = kind == JvmKind.REF ? state.scratchValue : state.scratchAddress;
    writer.store(kind, slot);
    leaveArguments(writer, state.instanceSlot, shape);
    writer.load(kind, slot);
  }

  /// Pops the arguments that do not fit on the JVM stack from it, the last first.
  static void leaveArguments(BytecodeWriter writer, int instanceSlot, CallShape shape) {
    int onStack = shape.stackParams();
    if (onStack < shape.params().length()) {
      leaveResults(
          writer, instanceSlot, transferSlot(shape, onStack), shape.params().substring(onStack));
    }
  }

  /// {@return the slot of the store in which a parameter travels that is not on the JVM stack}
  static int transferSlot(CallShape shape, int param) {
    return FIRST_TRANSFER_SLOT + JvmKind.resultSlots(shape.params().substring(0, param));
  }

  /// Takes the arguments from the operands and puts the results there.
  private void finish(CallShape shape) {
    state.pop(shape.params().length());
    String results = shape.results();
    if (!results.isEmpty()) {
      completeFirst(writer, state.instanceSlot, shape);
      state.pushOnStack(shape.result(0));
      readResults(writer, state.instanceSlot, 1, results.substring(1));
      state.pushOnStack(results.substring(1));
    }
  }

  /// Writes the return of the function; the results are on top of the JVM stack.
  void writeReturn() {
    if (state.isDebuggable()) {
      state.debug.leave();
    }
    if (state.packed == null) {
      writeReturn(writer, state.instanceSlot, state.shape);
      return;
    }
    CallShape shape = state.shape;
    if (!shape.results().isEmpty()) {
      String others = PackedPlan.letters(shape.results().substring(1));
      leaveResults(writer, state.instanceSlot, 1, others);
    }
    if (shape.returnsVector()) {
      VectorWriter vectors = new VectorWriter(writer);
      writer.insn(Opcodes.DUP);
      vectors.lane(LaneType.LONG, 1);
      leaveResult(writer, state.instanceSlot, FIRST_HIGH_SLOT, JvmKind.LONG);
      vectors.lane(LaneType.LONG, 0);
    }
    writer.ret(shape);
  }

  /// Writes a return with all results on top of the JVM stack.
  static void writeReturn(BytecodeWriter writer, int instanceSlot, CallShape shape) {
    if (!shape.results().isEmpty()) {
      leaveResults(writer, instanceSlot, 1, shape.results().substring(1));
    }
    if (shape.returnsVector()) {
      leaveResult(writer, instanceSlot, FIRST_HIGH_SLOT, JvmKind.LONG);
    }
    writer.ret(shape);
  }

  /// Pushes the high half of the first result if that is a vector, right after the call.
  static void completeFirst(BytecodeWriter writer, int instanceSlot, CallShape shape) {
    if (shape.returnsVector()) {
      readResult(writer, instanceSlot, FIRST_HIGH_SLOT, JvmKind.LONG);
    }
  }

  /// Pops values from the JVM stack into result slots.
  ///
  /// @param first the slot of the lowest value
  /// @param kinds a letter for each value
  static void leaveResults(BytecodeWriter writer, int instanceSlot, int first, String kinds) {
    int slot = first + JvmKind.resultSlots(kinds);
    for (int i = kinds.length() - 1; i >= 0; i--) {
      JvmKind kind = JvmKind.of(kinds.charAt(i));
      slot -= kind.resultSlots();
      leaveResult(writer, instanceSlot, slot, kind);
    }
  }

  /// Pushes values from result slots to the JVM stack; see [#leaveResults].
  static void readResults(BytecodeWriter writer, int instanceSlot, int first, String kinds) {
    int slot = first;
    for (int i = 0; i < kinds.length(); i++) {
      JvmKind kind = JvmKind.of(kinds.charAt(i));
      readResult(writer, instanceSlot, slot, kind);
      slot += kind.resultSlots();
    }
  }

  /// Pops a result from the JVM stack into the slot `index`, a vector into that and the next one.
  static void leaveResult(BytecodeWriter writer, int instanceSlot, int index, JvmKind kind) {
    if (kind == JvmKind.V128) {
      leaveResult(writer, instanceSlot, index + 1, JvmKind.LONG);
      leaveResult(writer, instanceSlot, index, JvmKind.LONG);
      return;
    }
    if (kind == JvmKind.PACKED) {
      VectorWriter vectors = new VectorWriter(writer);
      writer.insn(Opcodes.DUP);
      vectors.lane(LaneType.LONG, 1);
      leaveResult(writer, instanceSlot, index + 1, JvmKind.LONG);
      vectors.lane(LaneType.LONG, 0);
      leaveResult(writer, instanceSlot, index, JvmKind.LONG);
      return;
    }
    writeAsSlot(writer, kind);
    writer.aload(instanceSlot);
    writer.getfield(Names.BASE_INSTANCE, "results", Names.RESULT_SLOTS_DESC);
    if (kind == JvmKind.REF) {
      writer.iconst(index);
      writer.invokestatic(
          Names.RESULT_SLOTS,
          "setReference",
          "(Ljava/lang/Object;" + Names.RESULT_SLOTS_DESC + "I)V");
    } else if (index < 8) {
      writer.insn(Opcodes.DUP_X2);
      writer.insn(Opcodes.POP);
      writer.putfield(Names.RESULT_SLOTS, "n" + index, "J");
    } else {
      writer.iconst(index);
      writer.invokestatic(Names.RESULT_SLOTS, "setNumber", "(J" + Names.RESULT_SLOTS_DESC + "I)V");
    }
  }

  /// Makes a value on top of the JVM stack what slots and frame arrays hold: numbers are longs, and
  /// so is each half of a vector.
  static void writeAsSlot(BytecodeWriter writer, JvmKind kind) {
    switch (kind) {
      case INT -> writer.insn(Opcodes.I2L);
      case FLOAT -> {
        writer.invokestatic("java/lang/Float", "floatToRawIntBits", "(F)I");
        writer.insn(Opcodes.I2L);
      }
      case DOUBLE -> writer.invokestatic("java/lang/Double", "doubleToRawLongBits", "(D)J");
      case LONG, REF, V128, PACKED -> {}
    }
  }

  /// The opposite of [#writeAsSlot].
  static void writeFromSlot(BytecodeWriter writer, JvmKind kind) {
    switch (kind) {
      case INT -> writer.insn(Opcodes.L2I);
      case FLOAT -> {
        writer.insn(Opcodes.L2I);
        writer.invokestatic("java/lang/Float", "intBitsToFloat", "(I)F");
      }
      case DOUBLE -> writer.invokestatic("java/lang/Double", "longBitsToDouble", "(J)D");
      case LONG, REF, V128, PACKED -> {}
    }
  }

  /// Pushes a result from the slot `index` to the JVM stack, a vector from that and the next one.
  static void readResult(BytecodeWriter writer, int instanceSlot, int index, JvmKind kind) {
    if (kind == JvmKind.V128) {
      readResult(writer, instanceSlot, index, JvmKind.LONG);
      readResult(writer, instanceSlot, index + 1, JvmKind.LONG);
      return;
    }
    writer.aload(instanceSlot);
    writer.getfield(Names.BASE_INSTANCE, "results", Names.RESULT_SLOTS_DESC);
    if (kind == JvmKind.REF) {
      writer.iconst(index);
      writer.invokestatic(
          Names.RESULT_SLOTS, "reference", "(" + Names.RESULT_SLOTS_DESC + "I)Ljava/lang/Object;");
      return;
    }
    if (index < 8) {
      writer.getfield(Names.RESULT_SLOTS, "n" + index, "J");
    } else {
      writer.iconst(index);
      writer.invokestatic(Names.RESULT_SLOTS, "number", "(" + Names.RESULT_SLOTS_DESC + "I)J");
    }
    writeFromSlot(writer, kind);
  }
}
