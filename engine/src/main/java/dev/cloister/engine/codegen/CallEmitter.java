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
    state.writeInstance();
    writer.invokestatic(
        Names.chunk(state.plan.chunkOf(functionIndex)),
        state.plan.entryMethod(functionIndex),
        shape.descriptor(Names.INSTANCE_DESC));
    finish(shape);
  }

  /// Writes `call_indirect`: a dispatch method of the shape checks the element and calls it.
  void callIndirect(InstructionReader reader) {
    state.flush();
    state.pop();
    if (state.tableAddress(reader.index2()) == JvmKind.LONG) {
      writer.invokestatic(Names.TABLE, "narrow", "(J)I");
    }
    DefinedType type = state.module.type(reader.index());
    CallShape shape = state.plan.shapeAt(reader.index());
    leaveArgumentsBelow(JvmKind.INT, shape);
    state.writeTable(reader.index2());
    state.writeTypeId(reader.index());
    state.writeInstance();
    writer.invokestatic(
        Names.dispatch(state.plan.shapeOf(type)),
        DispatchGenerator.INDIRECT,
        shape.descriptor(DispatchGenerator.INDIRECT_TRAILING));
    finish(shape);
  }

  /// Writes `call_ref`.
  void callReference(InstructionReader reader) {
    state.flush();
    state.pop();
    DefinedType type = state.module.type(reader.index());
    CallShape shape = state.plan.shapeAt(reader.index());
    leaveArgumentsBelow(JvmKind.REF, shape);
    state.writeInstance();
    writer.invokestatic(
        Names.dispatch(state.plan.shapeOf(type)),
        DispatchGenerator.REFERENCE,
        shape.descriptor(DispatchGenerator.REFERENCE_TRAILING));
    finish(shape);
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
    for (int i = shape.params().length() - 1; i >= shape.stackParams(); i--) {
      leaveResult(writer, instanceSlot, transferSlot(i), shape.param(i));
    }
  }

  /// {@return the slot of the store in which a parameter travels that is not on the JVM stack}
  static int transferSlot(int param) {
    return param + 1;
  }

  /// Takes the arguments from the operands and puts the results there.
  private void finish(CallShape shape) {
    state.pop(shape.params().length());
    for (int i = 0; i < shape.results().length(); i++) {
      if (i > 0) {
        readResult(writer, state.instanceSlot, i, shape.result(i));
      }
      state.pushOnStack(shape.result(i));
    }
    state.reloadMemory();
  }

  /// Writes the return of the function; the results are on top of the JVM stack.
  void writeReturn() {
    if (state.isDebuggable()) {
      state.debug.leave();
    }
    writeReturn(writer, state.instanceSlot, state.shape);
  }

  /// Writes a return with all results on top of the JVM stack.
  static void writeReturn(BytecodeWriter writer, int instanceSlot, CallShape shape) {
    for (int i = shape.results().length() - 1; i > 0; i--) {
      leaveResult(writer, instanceSlot, i, shape.result(i));
    }
    writer.insn(shape.results().isEmpty() ? Opcodes.RETURN : shape.result(0).returned());
  }

  /// Pops result `index` from the JVM stack into its slot.
  static void leaveResult(BytecodeWriter writer, int instanceSlot, int index, JvmKind kind) {
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

  /// Makes a value on top of the JVM stack what slots and frame arrays hold: numbers are longs.
  static void writeAsSlot(BytecodeWriter writer, JvmKind kind) {
    switch (kind) {
      case INT -> writer.insn(Opcodes.I2L);
      case FLOAT -> {
        writer.invokestatic("java/lang/Float", "floatToRawIntBits", "(F)I");
        writer.insn(Opcodes.I2L);
      }
      case DOUBLE -> writer.invokestatic("java/lang/Double", "doubleToRawLongBits", "(D)J");
      case LONG, REF -> {}
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
      case LONG, REF -> {}
    }
  }

  /// Pushes result `index` from its slot to the JVM stack.
  static void readResult(BytecodeWriter writer, int instanceSlot, int index, JvmKind kind) {
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
