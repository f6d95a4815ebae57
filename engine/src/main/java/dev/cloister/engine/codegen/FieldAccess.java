package dev.cloister.engine.codegen;

import org.objectweb.asm.Opcodes;

/// Writes accesses of the fields of structures.
final class FieldAccess {
  private FieldAccess() {}

  /// Replaces the object on top of the JVM stack by the value of one of its fields.
  ///
  /// @param shape the shape that the object is known to have
  /// @param isSigned whether a packed value is sign-extended
  static void read(BytecodeWriter writer, StructShape shape, int field, boolean isSigned) {
    StorageKind kind = shape.kind(field);
    if (StructShape.isField(field)) {
      writer.getfield(shape.className(), StructGenerator.field(field), kind.descriptor());
    } else {
      writeArray(writer, shape, field);
      if (kind == StorageKind.REF) {
        writer.insn(Opcodes.AALOAD);
      } else {
        writer.insn(Opcodes.LALOAD);
        fromBits(writer, kind);
      }
    }
    if (kind.isPacked() && !isSigned) {
      writer.iconst(kind.mask());
      writer.insn(Opcodes.IAND);
    }
  }

  /// Pops the object on top of the JVM stack and sets one of its fields.
  ///
  /// @param value writes the new value
  static void write(BytecodeWriter writer, StructShape shape, int field, Runnable value) {
    StorageKind kind = shape.kind(field);
    if (StructShape.isField(field)) {
      value.run();
      if (kind.isPacked()) {
        writer.insn(kind == StorageKind.I8 ? Opcodes.I2B : Opcodes.I2S);
      }
      writer.putfield(shape.className(), StructGenerator.field(field), kind.descriptor());
      return;
    }
    writeArray(writer, shape, field);
    value.run();
    if (kind == StorageKind.REF) {
      writer.insn(Opcodes.AASTORE);
    } else {
      toBits(writer, kind);
      writer.insn(Opcodes.LASTORE);
    }
  }

  private static void writeArray(BytecodeWriter writer, StructShape shape, int field) {
    boolean isReference = shape.kind(field) == StorageKind.REF;
    writer.getfield(
        shape.className(),
        isReference ? StructGenerator.REFERENCES : StructGenerator.NUMBERS,
        isReference ? "[Ljava/lang/Object;" : "[J");
    writer.iconst(shape.position(field));
  }

  private static void fromBits(BytecodeWriter writer, StorageKind kind) {
    switch (kind) {
      case I8 -> {
        writer.insn(Opcodes.L2I);
        writer.insn(Opcodes.I2B);
      }
      case I16 -> {
        writer.insn(Opcodes.L2I);
        writer.insn(Opcodes.I2S);
      }
      case I32 -> writer.insn(Opcodes.L2I);
      case F32 -> {
        writer.insn(Opcodes.L2I);
        writer.invokestatic("java/lang/Float", "intBitsToFloat", "(I)F");
      }
      case F64 -> writer.invokestatic("java/lang/Double", "longBitsToDouble", "(J)D");
      case I64, REF -> {}
    }
  }

  private static void toBits(BytecodeWriter writer, StorageKind kind) {
    switch (kind) {
      case I8, I16, I32 -> writer.insn(Opcodes.I2L);
      case F32 -> {
        writer.invokestatic("java/lang/Float", "floatToRawIntBits", "(F)I");
        writer.insn(Opcodes.I2L);
      }
      case F64 -> writer.invokestatic("java/lang/Double", "doubleToRawLongBits", "(D)J");
      case I64, REF -> {}
    }
  }
}
