package dev.cloister.engine.codegen;

import java.util.List;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/// Generates the classes of function references of one call shape, shared by all modules.
public final class SignatureGenerator {
  /// The method by which a reference is called: the parameters, then the calling instance.
  static final String CALL = "call";

  /// The method of a leaf's class that calls it without a receiver.
  public static final String LEAF_WARM_UP = "warmUp";

  private SignatureGenerator() {}

  /// {@return the binary name of the class of references to host functions of a shape}
  public static String hostClassName(CallShape shape) {
    return shape.hostClass().replace('/', '.');
  }

  /// {@return the binary name of the class of references to one leaf of a shape}
  public static String leafClassName(CallShape shape, int number) {
    return shape.leafClass(number).replace('/', '.');
  }

  /// {@return the binary name of the abstract class of references of a shape}
  public static String referenceClassName(CallShape shape) {
    return shape.referenceClass().replace('/', '.');
  }

  /// {@return the abstract class that declares the call, and boxes and unboxes for the host}
  public static byte[] reference(CallShape shape) {
    ClassWriter target =
        ClassFiles.begin(
            Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT, shape.referenceClass(), Names.FUNC_REF);
    String constructor = "(" + Names.DEFINED_TYPE_DESC + Names.BASE_INSTANCE_DESC + "I)V";
    MethodVisitor method = ClassFiles.method(target, Opcodes.ACC_PROTECTED, "<init>", constructor);
    method.visitVarInsn(Opcodes.ALOAD, 0);
    method.visitVarInsn(Opcodes.ALOAD, 1);
    method.visitVarInsn(Opcodes.ALOAD, 2);
    method.visitVarInsn(Opcodes.ILOAD, 3);
    method.visitMethodInsn(Opcodes.INVOKESPECIAL, Names.FUNC_REF, "<init>", constructor, false);
    method.visitInsn(Opcodes.RETURN);
    ClassFiles.end(method);
    target
        .visitMethod(
            Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT,
            CALL,
            shape.descriptor(Names.BASE_INSTANCE_DESC),
            null,
            null)
        .visitEnd();
    writeInvoke(target, shape);
    writeTailCall(target, shape);
    target.visitEnd();
    return target.toByteArray();
  }

  /// `invoke(Object[] args, Instance caller)`.
  private static void writeInvoke(ClassWriter target, CallShape shape) {
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PROTECTED,
            "invoke",
            "([Ljava/lang/Object;" + Names.BASE_INSTANCE_DESC + ")[Ljava/lang/Object;");
    BytecodeWriter writer = new BytecodeWriter(method);
    for (int i = shape.stackParams(); i < shape.params().length(); i++) {
      writeArgument(writer, shape, i);
      CallEmitter.leaveResult(
          writer, /* instanceSlot= */ 2, CallEmitter.transferSlot(shape, i), shape.param(i));
    }
    writer.aload(0);
    for (int i = 0; i < shape.stackParams(); i++) {
      writeArgument(writer, shape, i);
    }
    writer.aload(2);
    writer.invokevirtual(shape.referenceClass(), CALL, shape.descriptor(Names.BASE_INSTANCE_DESC));
    int results = shape.results().length();
    if (results > 0) {
      CallEmitter.completeFirst(writer, /* instanceSlot= */ 2, shape);
      Boxing.box(writer, shape.result(0));
      writer.store(JvmKind.REF, 3);
    }
    writer.iconst(results);
    method.visitTypeInsn(Opcodes.ANEWARRAY, Names.OBJECT);
    int slot = 1;
    for (int i = 0; i < results; i++) {
      writer.insn(Opcodes.DUP);
      writer.iconst(i);
      if (i == 0) {
        writer.aload(3);
      } else {
        CallEmitter.readResult(writer, /* instanceSlot= */ 2, slot, shape.result(i));
        Boxing.box(writer, shape.result(i));
        slot += shape.result(i).resultSlots();
      }
      writer.insn(Opcodes.AASTORE);
    }
    writer.insn(Opcodes.ARETURN);
    ClassFiles.end(method);
  }

  /// What a host function throws that the guest may catch: Wasm exceptions, also those of nested
  /// calls, which it let pass.
  private static void writeHandler(BytecodeWriter writer, CallShape shape, Label start, Label end) {
    int callerSlot = 1 + shape.stackParamSlots();
    List<Object> locals = shape.frameTypes();
    locals.addFirst(shape.hostClass());
    locals.add(Names.BASE_INSTANCE);
    Label handler = new Label();
    writer.protect(start, end, handler, Names.THROWN);
    writer.protect(start, end, handler, Names.UNCAUGHT);
    writer.labelWithFrame(
        handler, locals.size(), locals.toArray(), 1, new Object[] {"java/lang/RuntimeException"});
    writer.aload(callerSlot);
    writer.invokestatic(
        Names.THROWN,
        "fromHost",
        "(Ljava/lang/RuntimeException;"
            + Names.BASE_INSTANCE_DESC
            + ")Ljava/lang/RuntimeException;");
    writer.insn(Opcodes.ATHROW);
  }

  /// The end of a tail call: an ordinary call with the arguments that the caller left.
  private static void writeTailCall(ClassWriter target, CallShape shape) {
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC,
            TailCallEmitter.method(shape),
            TailCallEmitter.methodDescriptor(shape));
    BytecodeWriter writer = new BytecodeWriter(method);
    writer.aload(0);
    TailCallEmitter.loadArguments(writer, shape, /* instanceSlot= */ 1);
    writer.aload(1);
    writer.invokevirtual(shape.referenceClass(), CALL, shape.descriptor(Names.BASE_INSTANCE_DESC));
    ClassFiles.returnResult(writer, shape);
    ClassFiles.end(method);
  }

  /// Pushes an argument from the array of boxed ones.
  private static void writeArgument(BytecodeWriter writer, CallShape shape, int index) {
    writer.aload(1);
    writer.iconst(index);
    writer.insn(Opcodes.AALOAD);
    Boxing.unbox(writer, shape.param(index));
  }

  /// {@return the class of references to host functions}
  ///
  /// The target is of the erased type with the caller first; where the parameters do not fit on the
  /// JVM stack, it takes the caller and an array of all parameters, boxed.
  public static byte[] host(CallShape shape) {
    String name = shape.hostClass();
    ClassWriter target =
        ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, name, shape.referenceClass());
    target
        .visitField(
            Opcodes.ACC_PRIVATE | Opcodes.ACC_FINAL, "target", Names.METHOD_HANDLE_DESC, null, null)
        .visitEnd();
    writeReferenceConstructor(target, shape, name, "target", Names.METHOD_HANDLE_DESC);
    MethodVisitor method =
        ClassFiles.method(
            target, Opcodes.ACC_PUBLIC, CALL, shape.descriptor(Names.BASE_INSTANCE_DESC));
    BytecodeWriter writer = new BytecodeWriter(method);
    int callerSlot = 1 + shape.stackParamSlots();
    writer.invokestatic(Names.STACK_GUARD, "probe", "()V");
    writer.aload(0);
    writer.getfield(name, "target", Names.METHOD_HANDLE_DESC);
    writer.aload(callerSlot);
    boolean isWide = shape.stackParams() < shape.params().length();
    if (isWide) {
      writeBoxedParams(writer, shape, callerSlot);
    } else {
      ClassFiles.loadParams(writer, shape, 1);
    }
    Label start = new Label();
    Label end = new Label();
    writer.label(start);
    writer.invokevirtual(
        Names.METHOD_HANDLE,
        "invokeExact",
        isWide
            ? "(" + Names.BASE_INSTANCE_DESC + "[Ljava/lang/Object;)" + shape.returnDescriptor()
            : shape.descriptor(Names.BASE_INSTANCE_DESC, ""));
    writer.label(end);
    writer.aload(callerSlot);
    writer.invokestatic(
        Names.BASE_INSTANCE, "afterHostCall", "(" + Names.BASE_INSTANCE_DESC + ")V");
    ClassFiles.returnResult(writer, shape);
    writeHandler(writer, shape, start, end);
    ClassFiles.end(method);
    target.visitEnd();
    return target.toByteArray();
  }

  /// {@return the class of references to the leaf with this number}
  ///
  /// What it invokes is a constant of the class, so C2 makes one piece of code of it and its
  /// callers. A leaf needs neither a probe of the stack nor what follows the call of another
  /// function; see [dev.cloister.engine.runtime.HostFunction.Unbound#leaf].
  ///
  /// @param shape one whose parameters all fit on the JVM stack
  public static byte[] leaf(CallShape shape, int number) {
    String name = shape.leafClass(number);
    ClassWriter target =
        ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, name, shape.referenceClass());
    int isConstant = Opcodes.ACC_PRIVATE | Opcodes.ACC_STATIC | Opcodes.ACC_FINAL;
    target.visitField(isConstant, "TARGET", Names.METHOD_HANDLE_DESC, null, null).visitEnd();
    target
        .visitField(
            Opcodes.ACC_PRIVATE | Opcodes.ACC_FINAL, "receiver", "Ljava/lang/Object;", null, null)
        .visitEnd();
    writeLeafInitializer(target, name, number);
    writeReferenceConstructor(target, shape, name, "receiver", "Ljava/lang/Object;");
    MethodVisitor method =
        ClassFiles.method(
            target, Opcodes.ACC_PUBLIC, CALL, shape.descriptor(Names.BASE_INSTANCE_DESC));
    BytecodeWriter writer = new BytecodeWriter(method);
    method.visitFieldInsn(Opcodes.GETSTATIC, name, "TARGET", Names.METHOD_HANDLE_DESC);
    writer.aload(0);
    writer.getfield(name, "receiver", "Ljava/lang/Object;");
    writer.aload(1 + shape.stackParamSlots());
    ClassFiles.loadParams(writer, shape, 1);
    writer.invokevirtual(
        Names.METHOD_HANDLE,
        "invokeExact",
        shape.descriptor("Ljava/lang/Object;" + Names.BASE_INSTANCE_DESC, ""));
    ClassFiles.returnResult(writer, shape);
    ClassFiles.end(method);
    writeLeafWarmUp(target, shape, name);
    target.visitEnd();
    return target.toByteArray();
  }

  /// `warmUp()`: the call of the leaf, by the same entry of the constant pool, without a receiver.
  private static void writeLeafWarmUp(ClassWriter target, CallShape shape, String name) {
    MethodVisitor method =
        ClassFiles.method(target, Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, LEAF_WARM_UP, "()V");
    BytecodeWriter writer = new BytecodeWriter(method);
    method.visitFieldInsn(Opcodes.GETSTATIC, name, "TARGET", Names.METHOD_HANDLE_DESC);
    writer.insn(Opcodes.ACONST_NULL);
    writer.insn(Opcodes.ACONST_NULL);
    for (int i = 0; i < shape.params().length(); i++) {
      switch (shape.param(i)) {
        case INT -> writer.insn(Opcodes.ICONST_0);
        case LONG -> writer.insn(Opcodes.LCONST_0);
        case FLOAT -> writer.insn(Opcodes.FCONST_0);
        case DOUBLE -> writer.insn(Opcodes.DCONST_0);
        case REF -> writer.insn(Opcodes.ACONST_NULL);
        case V128, PACKED ->
            throw new IllegalArgumentException("no leaf has such parameters: " + shape);
      }
    }
    writer.invokevirtual(
        Names.METHOD_HANDLE,
        "invokeExact",
        shape.descriptor("Ljava/lang/Object;" + Names.BASE_INSTANCE_DESC, ""));
    if (!shape.results().isEmpty()) {
      writer.insn(shape.result(0).slots() == 2 ? Opcodes.POP2 : Opcodes.POP);
    }
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(method);
  }

  private static void writeLeafInitializer(ClassWriter target, String name, int number) {
    MethodVisitor initializer = ClassFiles.method(target, Opcodes.ACC_STATIC, "<clinit>", "()V");
    BytecodeWriter writer = new BytecodeWriter(initializer);
    initializer.visitLdcInsn(Type.getObjectType(name));
    writer.invokevirtual("java/lang/Class", "getClassLoader", "()Ljava/lang/ClassLoader;");
    writer.checkcast(Names.LEAF_SOURCE);
    writer.iconst(number);
    initializer.visitMethodInsn(
        Opcodes.INVOKEINTERFACE,
        Names.LEAF_SOURCE,
        "leafTarget",
        "(I)" + Names.METHOD_HANDLE_DESC,
        true);
    initializer.visitFieldInsn(Opcodes.PUTSTATIC, name, "TARGET", Names.METHOD_HANDLE_DESC);
    initializer.visitInsn(Opcodes.RETURN);
    ClassFiles.end(initializer);
  }

  /// The constructor of a reference to a function of the host: its type, and what it calls.
  private static void writeReferenceConstructor(
      ClassWriter target, CallShape shape, String name, String field, String descriptor) {
    MethodVisitor constructor =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC,
            "<init>",
            "(" + Names.DEFINED_TYPE_DESC + descriptor + ")V");
    constructor.visitVarInsn(Opcodes.ALOAD, 0);
    constructor.visitVarInsn(Opcodes.ALOAD, 1);
    constructor.visitInsn(Opcodes.ACONST_NULL);
    constructor.visitInsn(Opcodes.ICONST_M1);
    constructor.visitMethodInsn(
        Opcodes.INVOKESPECIAL,
        shape.referenceClass(),
        "<init>",
        "(" + Names.DEFINED_TYPE_DESC + Names.BASE_INSTANCE_DESC + "I)V",
        false);
    constructor.visitVarInsn(Opcodes.ALOAD, 0);
    constructor.visitVarInsn(Opcodes.ALOAD, 2);
    constructor.visitFieldInsn(Opcodes.PUTFIELD, name, field, descriptor);
    constructor.visitInsn(Opcodes.RETURN);
    ClassFiles.end(constructor);
  }

  /// Pushes an array of all parameters, boxed.
  private static void writeBoxedParams(BytecodeWriter writer, CallShape shape, int callerSlot) {
    writer.iconst(shape.params().length());
    writer.newObjects();
    int slot = 1;
    for (int i = 0; i < shape.params().length(); i++) {
      JvmKind kind = shape.param(i);
      writer.insn(Opcodes.DUP);
      writer.iconst(i);
      if (i < shape.stackParams()) {
        writer.load(kind, slot);
        slot += kind.slots();
      } else {
        CallEmitter.readResult(writer, callerSlot, CallEmitter.transferSlot(shape, i), kind);
      }
      Boxing.box(writer, kind);
      writer.insn(Opcodes.AASTORE);
    }
  }
}
