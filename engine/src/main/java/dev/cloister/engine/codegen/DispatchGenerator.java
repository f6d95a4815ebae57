package dev.cloister.engine.codegen;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Generates the calls of a code image that go through references: O(1) and free of allocation.
public final class DispatchGenerator {
  /*
   * For each call shape a class `D` holds
   *
   *   call(args…, ordinal, instance)                   a switch over the functions of the shape
   *   tail(args…, ordinal, instance)                   the same for the ends of tail calls
   *   indirect(args…, index, table, typeId, instance)  what call_indirect does
   *   reference(args…, ref, instance)                  what call_ref does
   *
   * The switch has a static call behind each case, so that the JIT sees the targets and inlines
   * those that are hot. It covers only functions that can become references, and is cut into
   * pieces that stay below the size up to which HotSpot compiles a method by default. Where there
   * are very many functions, the pieces are in classes of their own, generated when they are first
   * called. Where there are few in the whole module, the entry of an image has switches of its own,
   * so that calls from outside need no class `D`.
   *
   * What `indirect` switches over comes from the table, not from the function: where the targets
   * cannot be predicted, the jump waits for one load less.
   */
  static final String INDIRECT = "indirect";
  static final String INDIRECT_TRAILING = "I" + Names.TABLE_DESC + "I" + Names.INSTANCE_DESC;
  static final String REFERENCE = "reference";
  static final String REFERENCE_TRAILING = "Ljava/lang/Object;" + Names.INSTANCE_DESC;

  private static final String SWITCH = "call";
  private static final String TAIL_SWITCH = "tail";

  /// Bytes of bytecode that one piece of a switch may have; HotSpot's limit is 8,000.
  private static final int MAX_SWITCH_BYTES = 6_000;

  /// Bytes of one case besides loading the arguments: call, return, switch entry and frame.
  private static final int CASE_BYTES = 14;

  /// The functions that one class switches over, a power of two: a function takes some four of the
  /// 65,535 constants of a class.
  private static final int CLASS_FUNCTIONS_LOG2 = 12;

  private static final Object[] NO_STACK = {};

  private final ModulePlan plan;
  private final int shapeOrdinal;
  private final CallShape shape;
  private final int[] functions;
  private final String name;
  private final ClassWriter target;

  /// The binary logarithm of the most branches of one switch.
  private final int pieceLog2;

  private DispatchGenerator(ModulePlan plan, int shapeOrdinal, String name) {
    this.plan = plan;
    this.shapeOrdinal = shapeOrdinal;
    this.shape = plan.shape(shapeOrdinal);
    this.functions = plan.dispatched(shapeOrdinal);
    this.name = name;
    this.pieceLog2 = pieceLog2(shape);
    this.target = ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, name, Names.OBJECT);
  }

  private static int pieceLog2(CallShape shape) {
    int caseBytes = CASE_BYTES + 2 * shape.stackParamSlots();
    return 31 - Integer.numberOfLeadingZeros(MAX_SWITCH_BYTES / caseBytes);
  }

  /// A method that is called with the parameters, the ordinal and the instance.
  private record Callee(String owner, String name) {}

  /// {@return the dispatch class of a shape}
  public static byte[] dispatch(ModulePlan plan, int shape) {
    DispatchGenerator generator = new DispatchGenerator(plan, shape, Names.dispatch(shape));
    int parts = parts(plan, shape);
    for (String switchName : switchNames(plan, shape)) {
      if (parts == 0) {
        generator.writeSwitches(switchName, 0, generator.functions.length);
      } else {
        generator.writeTree(
            switchName,
            switchName,
            0,
            parts,
            CLASS_FUNCTIONS_LOG2,
            part -> new Callee(Names.dispatchPart(shape, part), switchName));
      }
    }
    generator.writeIndirect();
    generator.writeReference();
    return ClassFiles.finish(generator.target, "dispatch of functions of one shape");
  }

  /// {@return the number of classes besides that of [#dispatch] that switch over the functions of a
  /// shape}
  public static int parts(ModulePlan plan, int shape) {
    int functions = plan.dispatched(shape).length;
    return functions <= 1 << CLASS_FUNCTIONS_LOG2
        ? 0
        : ((functions - 1) >> CLASS_FUNCTIONS_LOG2) + 1;
  }

  /// {@return one of the classes that [#parts] counts}
  public static byte[] part(ModulePlan plan, int shape, int part) {
    DispatchGenerator generator =
        new DispatchGenerator(plan, shape, Names.dispatchPart(shape, part));
    int from = part << CLASS_FUNCTIONS_LOG2;
    int to = Math.min(generator.functions.length, (part + 1) << CLASS_FUNCTIONS_LOG2);
    for (String switchName : switchNames(plan, shape)) {
      generator.writeSwitches(switchName, from, to);
    }
    return ClassFiles.finish(generator.target, "dispatch of functions of one shape");
  }

  private static List<String> switchNames(ModulePlan plan, int shape) {
    return plan.hasTailCalls(shape) ? List.of(SWITCH, TAIL_SWITCH) : List.of(SWITCH);
  }

  /// {@return the class by which instances and references enter the image}
  ///
  /// Its initialiser gives an object of it to its loader, a
  /// [dev.cloister.engine.runtime.ImageSource].
  public static byte[] entry(ModulePlan plan) {
    ClassWriter target =
        ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, Names.CODE, Names.MODULE);
    writeInitializer(target);
    ModuleClassGenerator.writeDefaultConstructor(target, Names.MODULE);
    for (int i = 0; i < plan.shapeCount(); i++) {
      if (plan.dispatched(i).length > 0) {
        writeEntry(target, plan, i, ModuleClassGenerator.entry(i), SWITCH);
        if (plan.hasTailCalls(i)) {
          writeEntry(target, plan, i, ModuleClassGenerator.tailEntry(i), TAIL_SWITCH);
        }
      }
    }
    return ClassFiles.finish(target, "entries of references");
  }

  private static void writeInitializer(ClassWriter target) {
    MethodVisitor method = ClassFiles.method(target, Opcodes.ACC_STATIC, "<clinit>", "()V");
    BytecodeWriter writer = new BytecodeWriter(method);
    method.visitLdcInsn(org.objectweb.asm.Type.getObjectType(Names.CODE));
    writer.invokevirtual("java/lang/Class", "getClassLoader", "()Ljava/lang/ClassLoader;");
    writer.checkcast(Names.IMAGE_SOURCE);
    method.visitTypeInsn(Opcodes.NEW, Names.CODE);
    writer.insn(Opcodes.DUP);
    method.visitMethodInsn(Opcodes.INVOKESPECIAL, Names.CODE, "<init>", "()V", false);
    method.visitMethodInsn(
        Opcodes.INVOKEINTERFACE,
        Names.IMAGE_SOURCE,
        "enterThrough",
        "(" + Names.IMAGE_ENTRY_DESC + ")V",
        true);
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(method);
  }

  private static void writeEntry(
      ClassWriter target, ModulePlan plan, int ordinalOfShape, String name, String callee) {
    CallShape shape = plan.shape(ordinalOfShape);
    String descriptor = shape.descriptor("I" + Names.INSTANCE_DESC);
    MethodVisitor method = ClassFiles.method(target, Opcodes.ACC_PUBLIC, name, descriptor);
    BytecodeWriter writer = new BytecodeWriter(method);
    int count = plan.dispatched(ordinalOfShape).length;
    if (plan.isDispatchedByEntries() && count <= 1 << pieceLog2(shape)) {
      List<Object> locals = shape.frameTypes();
      locals.addFirst(Names.CODE);
      locals.add(Opcodes.INTEGER);
      locals.add(Names.INSTANCE);
      boolean isTail = callee.equals(TAIL_SWITCH);
      writeCases(writer, plan, ordinalOfShape, isTail, locals.toArray(), 1, 0, count);
      ClassFiles.end(method);
      return;
    }
    int ordinal = ClassFiles.loadParams(writer, shape, 1);
    writer.load(JvmKind.INT, ordinal);
    writer.aload(ordinal + 1);
    writer.invokestatic(Names.dispatch(ordinalOfShape), callee, descriptor);
    ClassFiles.returnResult(writer, shape);
    ClassFiles.end(method);
  }

  private MethodVisitor method(String methodName, String trailing) {
    return ClassFiles.method(
        target, Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, methodName, shape.descriptor(trailing));
  }

  /// {@return the local variables of a method: parameters, then `trailing`, then the instance}
  private Object[] locals(Object... trailing) {
    List<Object> locals = shape.frameTypes();
    locals.addAll(Arrays.asList(trailing));
    locals.add(Names.INSTANCE);
    return locals.toArray();
  }

  /// Writes a switch over the functions `from` to `to` of the dispatch table, in one method or
  /// more.
  ///
  /// @param switchName [#SWITCH] or [#TAIL_SWITCH], also the beginning of the names of its pieces
  private void writeSwitches(String switchName, int from, int to) {
    if (from == to) {
      return;
    }
    int piece = 1 << pieceLog2;
    if (to - from <= piece) {
      writeSwitch(switchName, switchName, from, to);
      return;
    }
    int first = from >> pieceLog2;
    int end = ((to - 1) >> pieceLog2) + 1;
    for (int i = first; i < end; i++) {
      writeSwitch(switchName, piece(switchName, i, 1), i * piece, Math.min(to, (i + 1) * piece));
    }
    writeTree(
        switchName,
        switchName,
        first,
        end,
        pieceLog2,
        i -> new Callee(name, piece(switchName, i, 1)));
  }

  /// A switch over the functions `from` to `to` of the dispatch table.
  private void writeSwitch(String switchName, String methodName, int from, int to) {
    MethodVisitor method = method(methodName, "I" + Names.INSTANCE_DESC);
    BytecodeWriter writer = new BytecodeWriter(method);
    boolean isTail = switchName.equals(TAIL_SWITCH);
    writeCases(writer, plan, shapeOrdinal, isTail, locals(Opcodes.INTEGER), 0, from, to);
    ClassFiles.end(method);
  }

  /// Calls one of the functions `from` to `to` of the dispatch table of a shape, and returns.
  ///
  /// @param firstSlot the local variable of the first parameter
  private static void writeCases(
      BytecodeWriter writer,
      ModulePlan plan,
      int shapeOrdinal,
      boolean isTail,
      Object[] locals,
      int firstSlot,
      int from,
      int to) {
    CallShape shape = plan.shape(shapeOrdinal);
    int[] functions = plan.dispatched(shapeOrdinal);
    int ordinalSlot = firstSlot + shape.stackParamSlots();
    Label[] labels = new Label[to - from];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = new Label();
    }
    // The ordinal is always one of the cases; the last one serves as the default.
    writer.load(JvmKind.INT, ordinalSlot);
    writer.tableswitch(from, labels, labels[labels.length - 1]);
    for (int i = 0; i < labels.length; i++) {
      int function = functions[from + i];
      writer.labelWithFrame(labels[i], locals.length, locals, 0, NO_STACK);
      ClassFiles.loadParams(writer, shape, firstSlot);
      writer.aload(ordinalSlot + 1);
      writer.invokestatic(
          Names.chunk(plan.chunkOf(function)),
          isTail ? Names.function(function) : plan.entryMethod(function),
          shape.descriptor(Names.INSTANCE_DESC));
      ClassFiles.returnResult(writer, shape);
    }
  }

  /// A switch over the pieces `from` to `to`, by the bits of the ordinal above `shift`.
  ///
  /// @param leaf tells what each piece is called by
  private void writeTree(
      String switchName, String methodName, int from, int to, int shift, IntFunction<Callee> leaf) {
    int step = 1;
    while ((to - from + step - 1) / step > 1 << pieceLog2) {
      step <<= pieceLog2;
    }
    int stepShift = shift + Integer.numberOfTrailingZeros(step);
    MethodVisitor method = method(methodName, "I" + Names.INSTANCE_DESC);
    BytecodeWriter writer = new BytecodeWriter(method);
    int ordinalSlot = shape.stackParamSlots();
    int count = (to - from + step - 1) / step;
    Label[] labels = new Label[count];
    for (int i = 0; i < count; i++) {
      labels[i] = new Label();
    }
    Object[] locals = locals(Opcodes.INTEGER);
    writer.load(JvmKind.INT, ordinalSlot);
    writer.iconst(stepShift);
    writer.insn(Opcodes.IUSHR);
    writer.tableswitch(from >> (stepShift - shift), labels, labels[count - 1]);
    for (int i = 0; i < count; i++) {
      int first = from + i * step;
      Callee callee =
          step == 1 ? leaf.apply(first) : new Callee(name, piece(switchName, first, step));
      writer.labelWithFrame(labels[i], locals.length, locals, 0, NO_STACK);
      ClassFiles.loadParams(writer, shape, 0);
      writer.load(JvmKind.INT, ordinalSlot);
      writer.aload(ordinalSlot + 1);
      writer.invokestatic(
          callee.owner(), callee.name(), shape.descriptor("I" + Names.INSTANCE_DESC));
      ClassFiles.returnResult(writer, shape);
    }
    ClassFiles.end(method);
    for (int i = 0; step > 1 && i < count; i++) {
      int first = from + i * step;
      writeTree(
          switchName,
          piece(switchName, first, step),
          first,
          Math.min(to, first + step),
          shift,
          leaf);
    }
  }

  /// {@return the method that switches over `step` pieces from piece `first`}
  private static String piece(String switchName, int first, int step) {
    return switchName + "_" + first + (step == 1 ? "" : "_" + step);
  }

  private void writeIndirect() {
    MethodVisitor method = method(INDIRECT, INDIRECT_TRAILING);
    BytecodeWriter writer = new BytecodeWriter(method);
    int indexSlot = shape.stackParamSlots();
    int tableSlot = indexSlot + 1;
    int typeSlot = indexSlot + 2;
    int instanceSlot = indexSlot + 3;
    int functionsSlot = indexSlot + 4;
    Object[] locals = locals(Opcodes.INTEGER, Names.TABLE, Opcodes.INTEGER);
    Object[] withFunctions = Arrays.copyOf(locals, locals.length + 1);
    withFunctions[locals.length] = "[" + Names.FUNC_REF_DESC;
    Object[] withReference = Arrays.copyOf(locals, locals.length + 1);
    withReference[locals.length] = Names.FUNC_REF;
    Label outOfBounds = new Label();
    Label slow = new Label();
    Label checked = new Label();

    writer.aload(tableSlot);
    writer.getfield(Names.TABLE, "functions", "[" + Names.FUNC_REF_DESC);
    writer.store(JvmKind.REF, functionsSlot);
    writer.load(JvmKind.INT, indexSlot);
    writer.aload(functionsSlot);
    writer.insn(Opcodes.ARRAYLENGTH);
    writer.invokestatic("java/lang/Integer", "compareUnsigned", "(II)I");
    writer.jump(Opcodes.IFGE, outOfBounds);
    writer.aload(functionsSlot);
    writer.load(JvmKind.INT, indexSlot);
    writer.insn(Opcodes.AALOAD);
    writer.store(JvmKind.REF, functionsSlot);
    writer.aload(functionsSlot);
    writer.jump(Opcodes.IFNULL, slow);
    writer.aload(functionsSlot);
    writer.getfield(Names.FUNC_REF, "typeId", "I");
    writer.load(JvmKind.INT, typeSlot);
    writer.jump(Opcodes.IF_ICMPNE, slow);
    writer.labelWithFrame(checked, withReference.length, withReference, 0, NO_STACK);
    writeCallOfReference(
        writer,
        withReference,
        functionsSlot,
        instanceSlot,
        () -> {
          writer.aload(tableSlot);
          writer.getfield(Names.TABLE, "ordinals", "[I");
          writer.load(JvmKind.INT, indexSlot);
          writer.insn(Opcodes.IALOAD);
        });

    writer.labelWithFrame(outOfBounds, withFunctions.length, withFunctions, 0, NO_STACK);
    writer.insn(Opcodes.ACONST_NULL);
    writer.checkcast(Names.FUNC_REF);
    writer.store(JvmKind.REF, functionsSlot);
    writer.labelWithFrame(slow, withReference.length, withReference, 0, NO_STACK);
    writer.aload(functionsSlot);
    writer.aload(tableSlot);
    writer.load(JvmKind.INT, indexSlot);
    writer.load(JvmKind.INT, typeSlot);
    writer.invokestatic(
        Names.FUNC_REF,
        "checkIndirect",
        "(" + Names.FUNC_REF_DESC + Names.TABLE_DESC + "II)" + Names.FUNC_REF_DESC);
    writer.store(JvmKind.REF, functionsSlot);
    writer.jump(Opcodes.GOTO, checked);
    ClassFiles.end(method);
  }

  private void writeReference() {
    MethodVisitor method = method(REFERENCE, REFERENCE_TRAILING);
    BytecodeWriter writer = new BytecodeWriter(method);
    int referenceSlot = shape.stackParamSlots();
    int instanceSlot = referenceSlot + 1;
    int checkedSlot = referenceSlot + 2;
    writer.aload(referenceSlot);
    writer.invokestatic(Names.TRAPS, "nonNullFunction", "(Ljava/lang/Object;)Ljava/lang/Object;");
    writer.checkcast(Names.FUNC_REF);
    writer.store(JvmKind.REF, checkedSlot);
    Object[] locals = locals(Names.OBJECT);
    Object[] withChecked = Arrays.copyOf(locals, locals.length + 1);
    withChecked[locals.length] = Names.FUNC_REF;
    writeCallOfReference(
        writer,
        withChecked,
        checkedSlot,
        instanceSlot,
        () -> {
          writer.aload(checkedSlot);
          writer.getfield(Names.FUNC_REF, "ordinal", "I");
        });
    ClassFiles.end(method);
  }

  /// Calls a reference of the right shape: within the image if it is of the same instance.
  ///
  /// @param ordinal writes the ordinal of the function, if it is of the same instance
  private void writeCallOfReference(
      BytecodeWriter writer,
      Object[] locals,
      int referenceSlot,
      int instanceSlot,
      Runnable ordinal) {
    Label foreign = new Label();
    if (functions.length > 0) {
      writer.aload(referenceSlot);
      writer.getfield(Names.FUNC_REF, "instance", Names.BASE_INSTANCE_DESC);
      writer.aload(instanceSlot);
      writer.jump(Opcodes.IF_ACMPNE, foreign);
      ClassFiles.loadParams(writer, shape, 0);
      ordinal.run();
      writer.aload(instanceSlot);
      writer.invokestatic(name, SWITCH, shape.descriptor("I" + Names.INSTANCE_DESC));
      ClassFiles.returnResult(writer, shape);
      writer.labelWithFrame(foreign, locals.length, locals, 0, NO_STACK);
    }
    writer.aload(referenceSlot);
    writer.checkcast(shape.referenceClass());
    ClassFiles.loadParams(writer, shape, 0);
    writer.aload(instanceSlot);
    writer.invokevirtual(
        shape.referenceClass(),
        SignatureGenerator.CALL,
        shape.descriptor(Names.BASE_INSTANCE_DESC));
    ClassFiles.returnResult(writer, shape);
  }
}
