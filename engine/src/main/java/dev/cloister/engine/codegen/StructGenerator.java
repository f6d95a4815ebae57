package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.List;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Generates the class of the structures of one shape, shared by all modules.
public final class StructGenerator {
  /*
   * A class has, besides its fields,
   *
   *   create(type, heap)              an object with default values
   *   create(last group…, type, heap) an object with values in the fields of the last group
   *   with(group…, object)            the object, with values in the fields of another group
   *
   * A *group* is a run of fields that fits into the parameters of a method. Nearly all shapes have
   * one group, and the object is complete after the one call. Others are completed by further
   * calls, from the last group to the first, as the operands lie on the stack: no matter how many
   * fields there are, `struct.new` takes three bytes for two hundred of them.
   */
  static final String CREATE = "create";
  static final String NUMBERS = "numbers";
  static final String REFERENCES = "references";
  static final String TYPE_AND_HEAP = Names.DEFINED_TYPE_DESC + Names.GC_HEAP_DESC;

  private static final String CONSTRUCTOR =
      "(" + Names.DEFINED_TYPE_DESC + Names.GC_TOKEN_DESC + ")V";
  private static final String OBJECTS = "[Ljava/lang/Object;";

  private final StructShape shape;
  private final String name;
  private final String superName;
  private final ClassWriter target;

  private StructGenerator(StructShape shape) {
    this.shape = shape;
    this.name = shape.className();
    StructShape parent = shape.parent();
    this.superName = parent == null ? Names.STRUCT : parent.className();
    this.target = ClassFiles.begin(Opcodes.ACC_PUBLIC, name, superName);
  }

  /// {@return the class of a shape}
  public static byte[] generate(StructShape shape) {
    StructGenerator generator = new StructGenerator(shape);
    generator.writeFields();
    generator.writeConstructor();
    generator.writeCreate(shape.fieldCount(), shape.fieldCount());
    List<Integer> starts = groupStarts(shape);
    for (int i = 0; i < starts.size(); i++) {
      int from = starts.get(i);
      if (i + 1 < starts.size()) {
        generator.writeWith(from, starts.get(i + 1));
      } else if (shape.fieldCount() > 0) {
        generator.writeCreate(from, shape.fieldCount());
      }
    }
    generator.writeBoxedAccess("read", /* reads= */ true);
    generator.writeBoxedAccess("write", /* reads= */ false);
    return ClassFiles.finish(generator.target, "structures of a shape");
  }

  /// {@return the first fields of the groups of a shape}
  static List<Integer> groupStarts(StructShape shape) {
    List<Integer> starts = new ArrayList<>();
    int start = 0;
    do {
      starts.add(start);
      start = shape.groupEnd(start);
    } while (start < shape.fieldCount());
    return starts;
  }

  /// {@return the name of the method that sets the group which begins at a field}
  static String with(int from) {
    return "with" + from;
  }

  /// {@return the Java field of a field, or of the high half of a vector}
  static String field(int field, boolean isHigh) {
    return (isHigh ? "h" : "f") + field;
  }

  private void writeFields() {
    for (int i = shape.firstOwn(); i < shape.fieldCount() && StructShape.isField(i); i++) {
      declare(field(i, /* isHigh= */ false), shape.kind(i).descriptor());
      if (shape.kind(i) == StorageKind.V128) {
        declare(field(i, /* isHigh= */ true), shape.kind(i).descriptor());
      }
    }
    if (shape.declaresArrays()) {
      declare(NUMBERS, "[J");
      declare(REFERENCES, OBJECTS);
    }
  }

  private void declare(String field, String descriptor) {
    target.visitField(Opcodes.ACC_PUBLIC, field, descriptor, null, null).visitEnd();
  }

  private void writeConstructor() {
    MethodVisitor method = ClassFiles.method(target, Opcodes.ACC_PROTECTED, "<init>", CONSTRUCTOR);
    method.visitVarInsn(Opcodes.ALOAD, 0);
    method.visitVarInsn(Opcodes.ALOAD, 1);
    method.visitVarInsn(Opcodes.ALOAD, 2);
    method.visitMethodInsn(Opcodes.INVOKESPECIAL, superName, "<init>", CONSTRUCTOR, false);
    method.visitInsn(Opcodes.RETURN);
    ClassFiles.end(method);
  }

  /// Writes the method that makes an object and sets the fields from `from` to `to`.
  private void writeCreate(int from, int to) {
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
            CREATE,
            "(" + shape.params(from, to) + TYPE_AND_HEAP + ")L" + name + ";");
    BytecodeWriter writer = new BytecodeWriter(method);
    int typeSlot = slots(from, to);
    method.visitTypeInsn(Opcodes.NEW, name);
    writer.insn(Opcodes.DUP);
    writer.aload(typeSlot);
    writer.aload(typeSlot + 1);
    writer.lconst(shape.bytes());
    writer.invokevirtual(Names.GC_HEAP, "take", "(J)" + Names.GC_TOKEN_DESC);
    method.visitMethodInsn(Opcodes.INVOKESPECIAL, name, "<init>", CONSTRUCTOR, false);
    int objectSlot = typeSlot + 2;
    writer.store(JvmKind.REF, objectSlot);
    if (shape.hasArrays()) {
      writer.aload(objectSlot);
      writer.iconst(shape.numberCount());
      method.visitIntInsn(Opcodes.NEWARRAY, Opcodes.T_LONG);
      writer.putfield(name, NUMBERS, "[J");
      writer.aload(objectSlot);
      writer.iconst(shape.referenceCount());
      method.visitTypeInsn(Opcodes.ANEWARRAY, Names.OBJECT);
      writer.putfield(name, REFERENCES, OBJECTS);
    }
    writeSets(writer, from, to, objectSlot);
    writer.aload(objectSlot);
    writer.insn(Opcodes.ARETURN);
    ClassFiles.end(method);
  }

  /// Writes the method that sets the fields from `from` to `to` of an object.
  private void writeWith(int from, int to) {
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
            with(from),
            "(" + shape.params(from, to) + "L" + name + ";)L" + name + ";");
    BytecodeWriter writer = new BytecodeWriter(method);
    int objectSlot = slots(from, to);
    writeSets(writer, from, to, objectSlot);
    writer.aload(objectSlot);
    writer.insn(Opcodes.ARETURN);
    ClassFiles.end(method);
  }

  private int slots(int from, int to) {
    int slots = 0;
    for (int i = from; i < to; i++) {
      slots += shape.kind(i).kind().slots();
    }
    return slots;
  }

  private void writeSets(BytecodeWriter writer, int from, int to, int objectSlot) {
    int slot = 0;
    for (int i = from; i < to; i++) {
      writer.aload(objectSlot);
      int valueSlot = slot;
      FieldAccess.write(
          writer,
          shape,
          i,
          (kind, isHigh) -> writer.load(kind, valueSlot + (isHigh ? kind.slots() : 0)));
      slot += shape.kind(i).kind().slots();
    }
  }

  /// Writes the method that copies all fields to or from an array of boxed values.
  private void writeBoxedAccess(String method, boolean reads) {
    MethodVisitor visitor =
        ClassFiles.method(target, Opcodes.ACC_PROTECTED, method, "(" + OBJECTS + ")V");
    BytecodeWriter writer = new BytecodeWriter(visitor);
    if (shape.parent() != null) {
      writer.aload(0);
      writer.aload(1);
      visitor.visitMethodInsn(
          Opcodes.INVOKESPECIAL, superName, method, "(" + OBJECTS + ")V", false);
    }
    for (int i = shape.firstOwn(); i < shape.fieldCount() && StructShape.isField(i); i++) {
      int field = i;
      JvmKind kind = shape.kind(i).kind();
      if (reads) {
        writer.aload(1);
        writer.iconst(i);
        writer.aload(0);
        FieldAccess.read(writer, shape, i, /* isSigned= */ true);
        Boxing.box(writer, kind);
        writer.insn(Opcodes.AASTORE);
      } else {
        writer.aload(0);
        FieldAccess.write(
            writer,
            shape,
            i,
            (part, isHigh) -> {
              writer.aload(1);
              writer.iconst(field);
              writer.insn(Opcodes.AALOAD);
              if (kind == JvmKind.V128) {
                Boxing.unboxHalf(writer, isHigh);
              } else {
                Boxing.unbox(writer, part);
              }
            });
      }
    }
    if (shape.hasArrays()) {
      writer.aload(1);
      writer.iconst(StructShape.MAX_FIELDS);
      visitor.visitLdcInsn(shape.arrayKinds());
      writer.aload(0);
      writer.getfield(name, NUMBERS, "[J");
      writer.aload(0);
      writer.getfield(name, REFERENCES, OBJECTS);
      writer.invokestatic(
          Names.STRUCT,
          method + "Arrays",
          "(" + OBJECTS + "ILjava/lang/String;[J" + OBJECTS + ")V");
    }
    writer.insn(Opcodes.RETURN);
    ClassFiles.end(visitor);
  }
}
