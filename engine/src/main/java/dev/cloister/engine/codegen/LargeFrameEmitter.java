package dev.cloister.engine.codegen;

import java.util.Arrays;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Writes the methods by which functions with frame arrays are called: they make the arrays, whose
/// sizes are known only when the function is written, and count them while it runs.
final class LargeFrameEmitter {
  private static final Object[] THROWABLE = {"java/lang/Throwable"};

  private LargeFrameEmitter() {}

  /// Writes the method of a function whose body was just written as another method.
  static void write(FunctionContext context, String body, String bodyDescriptor) {
    CallShape shape = context.shape;
    MethodVisitor method =
        ClassFiles.method(
            context.classes.first().writer(),
            Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
            Names.function(context.functionIndex),
            shape.descriptor(Names.INSTANCE_DESC));
    BytecodeWriter writer = new BytecodeWriter(method);
    int instanceSlot = shape.stackParamSlots();
    int countSlot = instanceSlot + 1;
    int numbers = context.arrays.numbers();
    int references = context.arrays.references();
    int bytes = 8 * (numbers + references);
    Label start = new Label();
    Label end = new Label();
    Label handler = new Label();
    if (bytes > 0) {
      method.visitTryCatchBlock(start, end, handler, /* type= */ null);
      writer.iconst(bytes);
      writer.aload(instanceSlot);
      writer.invokestatic(Names.LARGE_FRAMES, "enter", "(I" + Names.BASE_INSTANCE_DESC + ")J");
      writer.store(JvmKind.LONG, countSlot);
    }
    writer.label(start);
    ClassFiles.loadParams(writer, shape, 0);
    writer.aload(instanceSlot);
    if (numbers > 0) {
      writer.iconst(numbers);
      writer.newLongs();
    } else {
      writer.insn(Opcodes.ACONST_NULL);
    }
    if (references > 0) {
      writer.iconst(references);
      writer.newObjects();
    } else {
      writer.insn(Opcodes.ACONST_NULL);
    }
    writer.invokestatic(context.classes.first().name(), body, bodyDescriptor);
    writer.label(end);
    if (bytes > 0) {
      writeLeave(writer, countSlot, instanceSlot);
    }
    ClassFiles.returnResult(writer, shape);
    if (bytes > 0) {
      Object[] parameters = ClassFiles.frameLocals(shape, Names.INSTANCE);
      Object[] locals = Arrays.copyOf(parameters, parameters.length + 1);
      locals[parameters.length] = Opcodes.LONG;
      writer.labelWithFrame(handler, locals.length, locals, 1, THROWABLE);
      writeLeave(writer, countSlot, instanceSlot);
      writer.insn(Opcodes.ATHROW);
    }
    ClassFiles.end(method);
  }

  private static void writeLeave(BytecodeWriter writer, int countSlot, int instanceSlot) {
    writer.load(JvmKind.LONG, countSlot);
    writer.aload(instanceSlot);
    writer.invokestatic(Names.LARGE_FRAMES, "leave", "(J" + Names.BASE_INSTANCE_DESC + ")V");
  }
}
