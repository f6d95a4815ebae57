package dev.cloister.engine.codegen;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.FuncType;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Generates the classes that a module has once, whatever code images it has.
public final class ModuleClassGenerator {
  /// The method that generated code calls to be stopped.
  static final String CHECK = "check";

  /// The method by which generated code learns whether memories may have spare capacity, and the
  /// handle that it invokes.
  static final String CAPACITY = "capacity";

  /// The least size of a method, in bytes, that C1 calls where it is called: it inlines all that
  /// are smaller. C2 inlines up to `-XX:MaxInlineSize`, which is more.
  private static final int CALLED_BYTES = 36;

  private static final String CONSTRUCTOR = "(" + Names.STORE_DESC + Names.LINKAGE_DESC + ")V";

  private final ModulePlan plan;
  private final WasmModule module;
  private final InstanceLayout layout;

  /// Prepares the classes of a module.
  public ModuleClassGenerator(ModulePlan plan) {
    this.plan = plan;
    this.module = plan.module();
    this.layout = plan.layout();
  }

  /// {@return the class with the module's constants: the abstract class of the entries into its
  /// code images, with one method for each shape that has functions which can be referenced, and
  /// one that makes instances}
  ///
  /// Its initialiser asks its loader, a [dev.cloister.engine.runtime.LinkageSource], for the
  /// constants; it runs before any code of the module, as that of each image's entry does.
  public byte[] module() {
    ClassWriter target =
        ClassFiles.begin(
            Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT, Names.MODULE, Names.IMAGE_ENTRY);
    field(target, Opcodes.ACC_PRIVATE, "stop", Names.METHOD_HANDLE_DESC);
    field(target, Opcodes.ACC_PRIVATE, CAPACITY, Names.METHOD_HANDLE_DESC);
    field(target, Opcodes.ACC_PUBLIC, "typeIds", "[I");
    field(target, Opcodes.ACC_PUBLIC, "types", "[" + Names.DEFINED_TYPE_DESC);
    MethodVisitor initializer = ClassFiles.method(target, Opcodes.ACC_STATIC, "<clinit>", "()V");
    BytecodeWriter writer = new BytecodeWriter(initializer);
    initializer.visitLdcInsn(org.objectweb.asm.Type.getObjectType(Names.MODULE));
    writer.invokevirtual("java/lang/Class", "getClassLoader", "()Ljava/lang/ClassLoader;");
    writer.checkcast(Names.LINKAGE_SOURCE);
    initializer.visitMethodInsn(
        Opcodes.INVOKEINTERFACE, Names.LINKAGE_SOURCE, "linkage", "()" + Names.LINKAGE_DESC, true);
    writer.store(JvmKind.REF, 0);
    writer.aload(0);
    initializer.visitMethodInsn(
        Opcodes.INVOKEINTERFACE, Names.LINKAGE, "stopSite", "()L" + Names.STOP_SITE + ";", true);
    writer.invokevirtual(Names.STOP_SITE, "handle", "()" + Names.METHOD_HANDLE_DESC);
    initializer.visitFieldInsn(Opcodes.PUTSTATIC, Names.MODULE, "stop", Names.METHOD_HANDLE_DESC);
    writer.aload(0);
    initializer.visitMethodInsn(
        Opcodes.INVOKEINTERFACE,
        Names.LINKAGE,
        "capacitySite",
        "()L" + Names.CAPACITY_SITE + ";",
        true);
    writer.invokevirtual(Names.CAPACITY_SITE, "handle", "()" + Names.METHOD_HANDLE_DESC);
    initializer.visitFieldInsn(Opcodes.PUTSTATIC, Names.MODULE, CAPACITY, Names.METHOD_HANDLE_DESC);
    writer.aload(0);
    initializer.visitMethodInsn(Opcodes.INVOKEINTERFACE, Names.LINKAGE, "typeIds", "()[I", true);
    writer.insn(Opcodes.DUP);
    writer.store(JvmKind.REF, 1);
    initializer.visitFieldInsn(Opcodes.PUTSTATIC, Names.MODULE, "typeIds", "[I");
    writer.aload(0);
    initializer.visitMethodInsn(
        Opcodes.INVOKEINTERFACE, Names.LINKAGE, "types", "()[" + Names.DEFINED_TYPE_DESC, true);
    writer.insn(Opcodes.DUP);
    writer.store(JvmKind.REF, 2);
    initializer.visitFieldInsn(
        Opcodes.PUTSTATIC, Names.MODULE, "types", "[" + Names.DEFINED_TYPE_DESC);
    for (int i = 0; i < module.typeCount() && layout.isField(i); i++) {
      boolean isFunction = module.type(i).composite() instanceof FuncType;
      String name = (isFunction ? "t" : "y") + i;
      String descriptor = isFunction ? "I" : Names.DEFINED_TYPE_DESC;
      field(target, Opcodes.ACC_PUBLIC, name, descriptor);
      writer.aload(isFunction ? 1 : 2);
      writer.iconst(i);
      writer.insn(isFunction ? Opcodes.IALOAD : Opcodes.AALOAD);
      initializer.visitFieldInsn(Opcodes.PUTSTATIC, Names.MODULE, name, descriptor);
    }
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(initializer);
    writeDefaultConstructor(target, Names.IMAGE_ENTRY);
    writeFactory(target);
    writeHandleCall(target, CHECK, "stop", Names.INSTANCE_DESC, "V");
    writeHandleCall(target, CAPACITY, CAPACITY, "", "I");
    writeAbstractEntries(target);
    return ClassFiles.finish(target, "module's constants and entries");
  }

  private static void field(ClassWriter target, int access, String name, String descriptor) {
    target
        .visitField(access | Opcodes.ACC_STATIC | Opcodes.ACC_FINAL, name, descriptor, null, null)
        .visitEnd();
  }

  private static void writeFactory(ClassWriter target) {
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC,
            "newInstance",
            "(" + Names.STORE_DESC + Names.LINKAGE_DESC + ")" + Names.BASE_INSTANCE_DESC);
    method.visitTypeInsn(Opcodes.NEW, Names.INSTANCE);
    method.visitInsn(Opcodes.DUP);
    method.visitVarInsn(Opcodes.ALOAD, 1);
    method.visitVarInsn(Opcodes.ALOAD, 2);
    method.visitMethodInsn(Opcodes.INVOKESPECIAL, Names.INSTANCE, "<init>", CONSTRUCTOR, false);
    method.visitInsn(Opcodes.ARETURN);
    ClassFiles.end(method);
  }

  /*
   * C1 does not take the target of a call site for a constant. Inlined by C1, such a call is two
   * real ones and a page of checks, at every head of a loop and after every call; called, it is one
   * of a method that C2 has compiled to next to nothing. So the method is as long as it takes for
   * C1 not to inline it.
   */
  /// Writes a method that invokes one of the handles.
  ///
  /// @param instance the descriptor of the only argument, or empty
  private static void writeHandleCall(
      ClassWriter target, String name, String field, String instance, String result) {
    MethodVisitor method =
        ClassFiles.method(
            target, Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, name, "(" + instance + ")" + result);
    BytecodeWriter writer = new BytecodeWriter(method);
    writer.getstatic(Names.MODULE, field, Names.METHOD_HANDLE_DESC);
    if (!instance.isEmpty()) {
      writer.aload(0);
    }
    String taken = instance.isEmpty() ? "" : Names.BASE_INSTANCE_DESC;
    writer.invokevirtual(Names.METHOD_HANDLE, "invokeExact", "(" + taken + ")" + result);
    for (int size = 7; size < CALLED_BYTES; size++) {
      writer.insn(Opcodes.NOP);
    }
    writer.insn(result.equals("V") ? Opcodes.RETURN : Opcodes.IRETURN);
    ClassFiles.end(method);
  }

  private void writeAbstractEntries(ClassWriter target) {
    for (int shape = 0; shape < plan.shapeCount(); shape++) {
      if (isReferenced(shape)) {
        writeAbstractEntry(target, entry(shape), shape);
      }
      if (plan.hasTailCalls(shape)) {
        writeAbstractEntry(target, tailEntry(shape), shape);
      }
    }
  }

  private void writeAbstractEntry(ClassWriter target, String name, int shape) {
    target
        .visitMethod(
            Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT,
            name,
            plan.shape(shape).descriptor("I" + Names.INSTANCE_DESC),
            null,
            null)
        .visitEnd();
  }

  static void writeDefaultConstructor(ClassWriter target, String superName) {
    MethodVisitor constructor = ClassFiles.method(target, Opcodes.ACC_PUBLIC, "<init>", "()V");
    constructor.visitVarInsn(Opcodes.ALOAD, 0);
    constructor.visitMethodInsn(Opcodes.INVOKESPECIAL, superName, "<init>", "()V", false);
    constructor.visitInsn(Opcodes.RETURN);
    ClassFiles.end(constructor);
  }

  /// {@return the method of [#module] by which functions of a shape are called}
  static String entry(int shape) {
    return "call" + shape;
  }

  /// {@return the method of [#module] by which functions of a shape end a tail call}
  static String tailEntry(int shape) {
    return "tail" + shape;
  }

  /// {@return the class of references to own functions of a shape}
  public byte[] reference(int shape) {
    CallShape callShape = plan.shape(shape);
    String name = Names.reference(shape);
    ClassWriter target =
        ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, name, callShape.referenceClass());
    target
        .visitField(
            Opcodes.ACC_PRIVATE | Opcodes.ACC_FINAL, "owner", Names.INSTANCE_DESC, null, null)
        .visitEnd();
    MethodVisitor constructor =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC,
            "<init>",
            "(" + Names.DEFINED_TYPE_DESC + Names.INSTANCE_DESC + "I)V");
    constructor.visitVarInsn(Opcodes.ALOAD, 0);
    constructor.visitVarInsn(Opcodes.ALOAD, 1);
    constructor.visitVarInsn(Opcodes.ALOAD, 2);
    constructor.visitVarInsn(Opcodes.ILOAD, 3);
    constructor.visitMethodInsn(
        Opcodes.INVOKESPECIAL,
        callShape.referenceClass(),
        "<init>",
        "(" + Names.DEFINED_TYPE_DESC + Names.BASE_INSTANCE_DESC + "I)V",
        false);
    constructor.visitVarInsn(Opcodes.ALOAD, 0);
    constructor.visitVarInsn(Opcodes.ALOAD, 2);
    constructor.visitFieldInsn(Opcodes.PUTFIELD, name, "owner", Names.INSTANCE_DESC);
    constructor.visitInsn(Opcodes.RETURN);
    ClassFiles.end(constructor);

    writeCall(target, shape);
    if (plan.hasTailCalls(shape)) {
      writeTailCall(target, shape);
    }
    return ClassFiles.finish(target, "references of a shape");
  }

  private void writeCall(ClassWriter target, int shape) {
    CallShape callShape = plan.shape(shape);
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC,
            SignatureGenerator.CALL,
            callShape.descriptor(Names.BASE_INSTANCE_DESC));
    BytecodeWriter writer = new BytecodeWriter(method);
    writeOwner(writer, shape);
    writer.getfield(Names.INSTANCE, "image", Names.MODULE_DESC);
    ClassFiles.loadParams(writer, callShape, 1);
    writeEntryCall(writer, shape, entry(shape));
    ClassFiles.end(method);
  }

  /// What runs a function for a tail call where some functions of the shape make tail calls
  /// themselves: their bodies must be called, not their entries.
  private void writeTailCall(ClassWriter target, int shape) {
    CallShape callShape = plan.shape(shape);
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC,
            TailCallEmitter.method(callShape),
            TailCallEmitter.methodDescriptor(callShape));
    BytecodeWriter writer = new BytecodeWriter(method);
    writeOwner(writer, shape);
    writer.getfield(Names.INSTANCE, "image", Names.MODULE_DESC);
    TailCallEmitter.loadArguments(writer, callShape, /* instanceSlot= */ 1);
    writeEntryCall(writer, shape, tailEntry(shape));
    ClassFiles.end(method);
  }

  private static void writeOwner(BytecodeWriter writer, int shape) {
    writer.aload(0);
    writer.getfield(Names.reference(shape), "owner", Names.INSTANCE_DESC);
  }

  /// Calls an entry of the image, which is on the JVM stack below the arguments, and returns.
  private void writeEntryCall(BytecodeWriter writer, int shape, String entry) {
    CallShape callShape = plan.shape(shape);
    writer.aload(0);
    writer.getfield(Names.FUNC_REF, "ordinal", "I");
    writeOwner(writer, shape);
    writer.invokevirtual(Names.MODULE, entry, callShape.descriptor("I" + Names.INSTANCE_DESC));
    ClassFiles.returnResult(writer, callShape);
  }

  /// {@return the class of the module's instances}
  public byte[] instance() {
    ClassWriter target =
        ClassFiles.begin(
            Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, Names.INSTANCE, Names.BASE_INSTANCE);
    target.visitField(Opcodes.ACC_PUBLIC, "image", Names.MODULE_DESC, null, null).visitEnd();
    MethodVisitor constructor =
        ClassFiles.method(target, Opcodes.ACC_PUBLIC, "<init>", CONSTRUCTOR);
    constructor.visitVarInsn(Opcodes.ALOAD, 0);
    constructor.visitVarInsn(Opcodes.ALOAD, 1);
    constructor.visitVarInsn(Opcodes.ALOAD, 2);
    constructor.visitMethodInsn(
        Opcodes.INVOKESPECIAL, Names.BASE_INSTANCE, "<init>", CONSTRUCTOR, false);
    constructor.visitInsn(Opcodes.RETURN);
    ClassFiles.end(constructor);
    writeUseImage(target);
    writeLink(target);
    writeInitGlobals(target);
    writeNewReference(target);
    return ClassFiles.finish(target, "instance");
  }

  private static void writeUseImage(ClassWriter target) {
    MethodVisitor method =
        ClassFiles.method(
            target, Opcodes.ACC_PUBLIC, "useImage", "(" + Names.IMAGE_ENTRY_DESC + ")V");
    BytecodeWriter writer = new BytecodeWriter(method);
    writer.aload(0);
    writer.aload(1);
    writer.checkcast(Names.MODULE);
    writer.putfield(Names.INSTANCE, "image", Names.MODULE_DESC);
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(method);
  }

  private void writeLink(ClassWriter target) {
    MethodVisitor method = ClassFiles.method(target, Opcodes.ACC_PROTECTED, "link", "()V");
    BytecodeWriter writer = new BytecodeWriter(method);
    for (int i = 0; i < module.importedFunctionCount() && layout.isField(i); i++) {
      String type = plan.shapeOfFunction(i).referenceClass();
      linkField(target, writer, "i" + i, "imports", Names.FUNC_REF_DESC, type, i);
    }
    for (int i = 0; i < module.memoryCount() && layout.isField(i); i++) {
      String type = Names.memory(layout.memoryForm(i));
      linkField(target, writer, "m" + i, "memories", Names.MEMORY_DESC, type, i);
    }
    for (int i = 0; i < module.tableCount() && layout.isField(i); i++) {
      linkField(target, writer, "t" + i, "tables", Names.TABLE_DESC, Names.TABLE, i);
    }
    for (int i = 0; i < module.globalCount() && layout.isField(i); i++) {
      if (layout.isCell(i)) {
        linkField(target, writer, "c" + i, "cells", Names.GLOBAL_DESC, Names.GLOBAL, i);
      }
    }
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(method);
  }

  private static void linkField(
      ClassWriter target,
      BytecodeWriter writer,
      String field,
      String array,
      String elementDescriptor,
      String type,
      int index) {
    String descriptor = "L" + type + ";";
    target.visitField(Opcodes.ACC_PUBLIC, field, descriptor, null, null).visitEnd();
    writer.aload(0);
    writer.aload(0);
    writer.getfield(Names.BASE_INSTANCE, array, "[" + elementDescriptor);
    writer.iconst(index);
    writer.insn(Opcodes.AALOAD);
    if (!descriptor.equals(elementDescriptor)) {
      writer.checkcast(type);
    }
    writer.putfield(Names.INSTANCE, field, descriptor);
  }

  private void writeInitGlobals(ClassWriter target) {
    MethodVisitor method =
        ClassFiles.method(target, Opcodes.ACC_PROTECTED, "initGlobals", "([Ljava/lang/Object;)V");
    BytecodeWriter writer = new BytecodeWriter(method);
    for (int i = module.importedGlobalCount(); i < module.globalCount() && layout.isField(i); i++) {
      if (!layout.isCell(i)) {
        JvmKind kind = JvmKind.of(module.globalType(i).valueType());
        boolean isVector = kind == JvmKind.V128;
        String descriptor = isVector ? "J" : kind.descriptor();
        String field = VariableEmitter.field(i, /* isHigh= */ false);
        target.visitField(Opcodes.ACC_PUBLIC, field, descriptor, null, null).visitEnd();
        writer.aload(0);
        writer.aload(1);
        writer.iconst(i);
        writer.insn(Opcodes.AALOAD);
        Boxing.unbox(writer, kind);
        if (isVector) {
          String highField = VariableEmitter.field(i, /* isHigh= */ true);
          target.visitField(Opcodes.ACC_PUBLIC, highField, descriptor, null, null).visitEnd();
          writer.store(JvmKind.LONG, 2);
          writer.aload(0);
          writer.load(JvmKind.LONG, 2);
          writer.putfield(Names.INSTANCE, highField, descriptor);
        }
        writer.putfield(Names.INSTANCE, field, descriptor);
      }
    }
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(method);
  }

  private boolean isReferenced(int shape) {
    return plan.dispatched(shape).length > 0;
  }

  private void writeNewReference(ClassWriter target) {
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PROTECTED,
            "newReference",
            "(" + Names.DEFINED_TYPE_DESC + "II)" + Names.FUNC_REF_DESC);
    BytecodeWriter writer = new BytecodeWriter(method);
    int shapes = plan.shapeCount();
    Label none = new Label();
    Object[] locals = {
      Names.INSTANCE, "dev/cloister/engine/types/DefinedType", Opcodes.INTEGER, Opcodes.INTEGER
    };
    Object[] empty = {};
    if (shapes > 0) {
      Label[] labels = new Label[shapes];
      for (int shape = 0; shape < shapes; shape++) {
        labels[shape] = isReferenced(shape) ? new Label() : none;
      }
      writer.load(JvmKind.INT, 2);
      writer.tableswitch(0, labels, none);
      for (int shape = 0; shape < shapes; shape++) {
        if (isReferenced(shape)) {
          writer.labelWithFrame(labels[shape], locals.length, locals, 0, empty);
          method.visitTypeInsn(Opcodes.NEW, Names.reference(shape));
          writer.insn(Opcodes.DUP);
          writer.aload(1);
          writer.aload(0);
          writer.load(JvmKind.INT, 3);
          method.visitMethodInsn(
              Opcodes.INVOKESPECIAL,
              Names.reference(shape),
              "<init>",
              "(" + Names.DEFINED_TYPE_DESC + Names.INSTANCE_DESC + "I)V",
              false);
          writer.insn(Opcodes.ARETURN);
        }
      }
      writer.labelWithFrame(none, locals.length, locals, 0, empty);
    }
    writer.insn(Opcodes.ACONST_NULL);
    writer.insn(Opcodes.ATHROW);
    ClassFiles.end(method);
  }
}
