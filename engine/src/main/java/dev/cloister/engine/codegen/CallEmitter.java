package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import org.objectweb.asm.Opcodes;

/// Writes calls and returns: the one place that knows how values pass between functions.
///
/// Arguments and the first result are on the JVM stack, the instance is the last argument, further
/// results are in the store's result slots. Calls within the image are static and direct.
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
    CallShape shape = CallShape.of((FuncType) type.composite());
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
    CallShape shape = CallShape.of((FuncType) type.composite());
    state.writeInstance();
    writer.invokestatic(
        Names.dispatch(state.plan.shapeOf(type)),
        DispatchGenerator.REFERENCE,
        shape.descriptor(DispatchGenerator.REFERENCE_TRAILING));
    finish(shape);
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
    switch (kind) {
      case INT -> writer.insn(Opcodes.I2L);
      case FLOAT -> {
        writer.invokestatic("java/lang/Float", "floatToRawIntBits", "(F)I");
        writer.insn(Opcodes.I2L);
      }
      case DOUBLE -> writer.invokestatic("java/lang/Double", "doubleToRawLongBits", "(D)J");
      case LONG, REF -> {}
    }
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
}
