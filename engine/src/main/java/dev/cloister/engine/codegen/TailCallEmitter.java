package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Writes tail calls (Spec 4.6.5, `return_call`): the stack does not grow, however long a chain of
/// them is.
final class TailCallEmitter {
  /*
   * A function that makes tail calls has two methods. Its body leaves the arguments of a tail call
   * in the store's result slots, the target in `pending`, and returns; what it returns then means
   * nothing. Its entry is what all others call: it calls the body, and then the pending function
   * as long as there is one. So only functions with tail calls pay for them. The frames of both
   * caller and callee are gone when the next function runs, and the entry is not a Wasm frame.
   *
   * A pending function is called through the method of its reference that takes its arguments from
   * the slots and runs its body, not its entry. A call of the function by itself is a jump.
   *
   * Nothing is called between the assignment of `pending` and its removal, so no stack overflow can
   * leave it behind.
   */
  private static final String PENDING = "pending";
  private static final String PENDING_CALLER = "pendingCaller";

  private final MethodState state;
  private final BytecodeWriter writer;
  private final int functionIndex;
  private final @Nullable RegionExits exits;

  /// @param functionIndex the function that the method belongs to
  /// @param exits how the method of a region is left, or null in a function
  TailCallEmitter(MethodState state, int functionIndex, @Nullable RegionExits exits) {
    this.state = state;
    this.writer = state.writer;
    this.functionIndex = functionIndex;
    this.exits = exits;
  }

  /// Writes `return_call`.
  void call(int callee) {
    state.flush();
    Label start = state.start();
    if (callee == functionIndex && start != null) {
      state.storeParameters();
      writer.gotoBack(start);
      state.isReachable = false;
      return;
    }
    state.instance.writeInstance();
    writer.iconst(callee);
    writer.invokevirtual(Names.BASE_INSTANCE, "reference", "(I)" + Names.FUNC_REF_DESC);
    leave(state.plan.shapeOfFunction(callee));
  }

  /// Writes `return_call_indirect`.
  void callIndirect(InstructionReader reader) {
    state.flush();
    state.pop();
    if (state.instance.tableAddress(reader.index2()) == JvmKind.LONG) {
      writer.invokestatic(Names.TABLE, "narrow", "(J)I");
    }
    state.instance.writeTable(reader.index2());
    state.instance.writeTypeId(reader.index());
    writer.invokestatic(
        Names.FUNC_REF, "checkedElement", "(I" + Names.TABLE_DESC + "I)" + Names.FUNC_REF_DESC);
    leave(shapeOfType(reader.index()));
  }

  /// Writes `return_call_ref`.
  void callReference(InstructionReader reader) {
    state.flush();
    state.pop();
    writer.invokestatic(Names.TRAPS, "nonNullFunction", "(Ljava/lang/Object;)Ljava/lang/Object;");
    writer.checkcast(Names.FUNC_REF);
    leave(shapeOfType(reader.index()));
  }

  private CallShape shapeOfType(int typeIndex) {
    DefinedType type = state.module.type(typeIndex);
    return CallShape.of((FuncType) type.composite());
  }

  /// Leaves the function, with the arguments and the target on top of the JVM stack.
  private void leave(CallShape shape) {
    if (state.isDebuggable()) {
      state.debug.leave();
    }
    writer.store(JvmKind.REF, state.scratchAddress);
    CallEmitter.leaveResults(
        writer, state.instanceSlot, CallEmitter.FIRST_TRANSFER_SLOT, shape.params());
    state.instance.writeInstance();
    writer.getfield(Names.BASE_INSTANCE, "results", Names.RESULT_SLOTS_DESC);
    writer.insn(Opcodes.DUP);
    state.instance.writeInstance();
    writer.putfield(Names.RESULT_SLOTS, PENDING_CALLER, Names.BASE_INSTANCE_DESC);
    writer.aload(state.scratchAddress);
    writer.putfield(Names.RESULT_SLOTS, PENDING, Names.FUNC_REF_DESC);
    writeReturn();
    state.isReachable = false;
  }

  /// Writes the return of a method while a tail call is pending.
  void writeReturn() {
    if (exits != null) {
      exits.leaveByTailCall();
      return;
    }
    CallShape shape = state.shape;
    if (!shape.results().isEmpty()) {
      state.writeConstant(shape.result(0).returned(), 0, 0);
    }
    ClassFiles.returnResult(writer, shape);
  }

  /// Pushes the arguments of a pending call of a shape to the JVM stack; those that do not fit on
  /// it are where an ordinary call has them.
  static void loadArguments(BytecodeWriter writer, CallShape shape, int instanceSlot) {
    CallEmitter.readResults(
        writer,
        instanceSlot,
        CallEmitter.FIRST_TRANSFER_SLOT,
        shape.params().substring(0, shape.stackParams()));
  }

  /// {@return the method of a reference that runs its function for a tail call}
  static String method(CallShape shape) {
    return "tail" + (shape.results().isEmpty() ? "V" : shape.result(0).returned().code());
  }

  /// {@return the descriptor of [#method]}
  static String methodDescriptor(CallShape shape) {
    return "(" + Names.BASE_INSTANCE_DESC + ")" + shape.returnDescriptor();
  }

  /// Writes the entry of a function that makes tail calls.
  static void writeEntry(CodeKind kind, ModulePlan plan, int functionIndex, ClassVisitor target) {
    CallShape shape = plan.shapeOfFunction(functionIndex);
    String descriptor = shape.descriptor(Names.INSTANCE_DESC);
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
            plan.entryMethod(functionIndex),
            descriptor);
    BytecodeWriter writer = new BytecodeWriter(method);
    int instanceSlot = ClassFiles.loadParams(writer, shape, 0);
    int pendingSlot = instanceSlot + 1;
    int resultSlot = instanceSlot + 2;
    writer.aload(instanceSlot);
    writer.invokestatic(
        Names.chunk(plan.chunkOf(functionIndex)), Names.function(functionIndex), descriptor);
    // The frame of both labels: parameters, instance, nothing, result.
    List<Object> types = shape.frameTypes();
    types.add(Names.INSTANCE);
    JvmKind result = shape.results().isEmpty() ? null : shape.result(0).returned();
    if (result != null) {
      types.add(Opcodes.TOP);
      types.add(result.frameType());
      writer.store(result, resultSlot);
    }
    Object[] locals = types.toArray();
    Object[] noStack = {};
    Label loop = new Label();
    Label done = new Label();
    writer.labelWithFrame(loop, locals.length, locals, 0, noStack);
    writePending(writer, instanceSlot, PENDING, Names.FUNC_REF_DESC);
    writer.insn(Opcodes.DUP);
    writer.store(JvmKind.REF, pendingSlot);
    writer.jump(Opcodes.IFNULL, done);
    writeClear(writer, instanceSlot, PENDING, Names.FUNC_REF_DESC);
    writer.aload(instanceSlot);
    StopCheck.write(writer, kind);
    writer.aload(pendingSlot);
    writePending(writer, instanceSlot, PENDING_CALLER, Names.BASE_INSTANCE_DESC);
    writeClear(writer, instanceSlot, PENDING_CALLER, Names.BASE_INSTANCE_DESC);
    writer.invokevirtual(Names.FUNC_REF, method(shape), methodDescriptor(shape));
    if (result != null) {
      writer.store(result, resultSlot);
    }
    writer.jump(Opcodes.GOTO, loop);
    writer.labelWithFrame(done, locals.length, locals, 0, noStack);
    if (result != null) {
      writer.load(result, resultSlot);
    }
    ClassFiles.returnResult(writer, shape);
    ClassFiles.end(method);
  }

  private static void writePending(
      BytecodeWriter writer, int instanceSlot, String field, String descriptor) {
    writer.aload(instanceSlot);
    writer.getfield(Names.BASE_INSTANCE, "results", Names.RESULT_SLOTS_DESC);
    writer.getfield(Names.RESULT_SLOTS, field, descriptor);
  }

  private static void writeClear(
      BytecodeWriter writer, int instanceSlot, String field, String descriptor) {
    writer.aload(instanceSlot);
    writer.getfield(Names.BASE_INSTANCE, "results", Names.RESULT_SLOTS_DESC);
    writer.insn(Opcodes.ACONST_NULL);
    writer.putfield(Names.RESULT_SLOTS, field, descriptor);
  }
}
