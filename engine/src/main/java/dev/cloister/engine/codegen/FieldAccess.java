package dev.cloister.engine.codegen;

import org.objectweb.asm.Opcodes;

/// Writes accesses of the fields of structures.
final class FieldAccess {
  private FieldAccess() {}

  /// What writes a value.
  @FunctionalInterface
  interface Value {
    /// Pushes the value to the JVM stack.
    ///
    /// @param kind what is pushed: a long for each half of a vector
    /// @param isHigh whether it is the high half of a vector
    void write(JvmKind kind, boolean isHigh);
  }

  /// Replaces the object on top of the JVM stack by the value of one of its fields.
  ///
  /// @param shape the shape that the object is known to have
  /// @param isSigned whether a packed value is sign-extended
  static void read(BytecodeWriter writer, StructShape shape, int field, boolean isSigned) {
    StorageKind kind = shape.kind(field);
    if (kind == StorageKind.V128) {
      writer.insn(Opcodes.DUP);
      read(writer, shape, field, StorageKind.I64, /* isHigh= */ false);
      writer.insn(Opcodes.DUP2_X1);
      writer.insn(Opcodes.POP2);
      read(writer, shape, field, StorageKind.I64, /* isHigh= */ true);
    } else {
      read(writer, shape, field, kind, /* isHigh= */ false);
    }
    if (kind.isPacked() && !isSigned) {
      writer.iconst(kind.mask());
      writer.insn(Opcodes.IAND);
    }
  }

  private static void read(
      BytecodeWriter writer, StructShape shape, int field, StorageKind kind, boolean isHigh) {
    if (StructShape.isField(field)) {
      writer.getfield(shape.className(), StructGenerator.field(field, isHigh), kind.descriptor());
      return;
    }
    writeArray(writer, shape, field, isHigh);
    if (kind == StorageKind.REF) {
      writer.insn(Opcodes.AALOAD);
    } else {
      writer.insn(Opcodes.LALOAD);
      fromBits(writer, kind);
    }
  }

  /// Pops the object on top of the JVM stack and sets one of its fields.
  static void write(BytecodeWriter writer, StructShape shape, int field, Value value) {
    StorageKind kind = shape.kind(field);
    if (kind == StorageKind.V128) {
      writer.insn(Opcodes.DUP);
      write(writer, shape, field, StorageKind.I64, /* isHigh= */ false, value);
      write(writer, shape, field, StorageKind.I64, /* isHigh= */ true, value);
    } else {
      write(writer, shape, field, kind, /* isHigh= */ false, value);
    }
  }

  private static void write(
      BytecodeWriter writer,
      StructShape shape,
      int field,
      StorageKind kind,
      boolean isHigh,
      Value value) {
    if (StructShape.isField(field)) {
      value.write(kind.kind(), isHigh);
      if (kind.isPacked()) {
        writer.insn(kind == StorageKind.I8 ? Opcodes.I2B : Opcodes.I2S);
      }
      writer.putfield(shape.className(), StructGenerator.field(field, isHigh), kind.descriptor());
      return;
    }
    writeArray(writer, shape, field, isHigh);
    value.write(kind.kind(), isHigh);
    if (kind == StorageKind.REF) {
      writer.insn(Opcodes.AASTORE);
    } else {
      toBits(writer, kind);
      writer.insn(Opcodes.LASTORE);
    }
  }

  private static void writeArray(
      BytecodeWriter writer, StructShape shape, int field, boolean isHigh) {
    boolean isReference = shape.kind(field) == StorageKind.REF;
    writer.getfield(
        shape.className(),
        isReference ? StructGenerator.REFERENCES : StructGenerator.NUMBERS,
        isReference ? "[Ljava/lang/Object;" : "[J");
    writer.iconst(shape.position(field) + (isHigh ? 1 : 0));
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
      case I64, V128, REF -> {}
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
      case I64, V128, REF -> {}
    }
  }
}
