package dev.cloister.engine.codegen;

import org.objectweb.asm.Opcodes;

/// Boxes and unboxes values at the border to the host.
final class Boxing {
  private Boxing() {}

  /// Boxes the value on top of the JVM stack.
  static void box(BytecodeWriter writer, JvmKind kind) {
    if (kind == JvmKind.V128) {
      writer.invokestatic(Names.V128, "of", "(JJ)" + Names.V128_DESC);
    } else if (kind != JvmKind.REF) {
      String owner = owner(kind);
      writer.invokestatic(owner, "valueOf", "(" + kind.code() + ")L" + owner + ";");
    }
  }

  /// Unboxes the object on top of the JVM stack.
  static void unbox(BytecodeWriter writer, JvmKind kind) {
    if (kind == JvmKind.V128) {
      writer.checkcast(Names.V128);
      writer.insn(Opcodes.DUP);
      writer.invokevirtual(Names.V128, "low", "()J");
      writer.insn(Opcodes.DUP2_X1);
      writer.insn(Opcodes.POP2);
      writer.invokevirtual(Names.V128, "high", "()J");
    } else if (kind != JvmKind.REF) {
      writer.checkcast(owner(kind));
      writer.invokevirtual(owner(kind), method(kind), "()" + kind.code());
    }
  }

  /// Unboxes one half of the vector on top of the JVM stack.
  static void unboxHalf(BytecodeWriter writer, boolean isHigh) {
    writer.checkcast(Names.V128);
    writer.invokevirtual(Names.V128, isHigh ? "high" : "low", "()J");
  }

  private static String owner(JvmKind kind) {
    return switch (kind) {
      case INT -> "java/lang/Integer";
      case LONG -> "java/lang/Long";
      case FLOAT -> "java/lang/Float";
      case DOUBLE -> "java/lang/Double";
      case REF -> Names.OBJECT;
      case V128 -> Names.V128;
      case PACKED -> throw new IllegalArgumentException("not at a border: " + kind);
    };
  }

  private static String method(JvmKind kind) {
    return switch (kind) {
      case INT -> "intValue";
      case LONG -> "longValue";
      case FLOAT -> "floatValue";
      case DOUBLE -> "doubleValue";
      case REF, V128, PACKED -> throw new IllegalArgumentException("not a number: " + kind);
    };
  }
}
