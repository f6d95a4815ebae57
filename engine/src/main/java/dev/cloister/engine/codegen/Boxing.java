package dev.cloister.engine.codegen;

/// Boxes and unboxes values at the border to the host.
final class Boxing {
  private Boxing() {}

  /// Boxes the value on top of the JVM stack.
  static void box(BytecodeWriter writer, JvmKind kind) {
    if (kind != JvmKind.REF) {
      String owner = owner(kind);
      writer.invokestatic(owner, "valueOf", "(" + kind.code() + ")L" + owner + ";");
    }
  }

  /// Unboxes the object on top of the JVM stack.
  static void unbox(BytecodeWriter writer, JvmKind kind) {
    if (kind != JvmKind.REF) {
      writer.checkcast(owner(kind));
      writer.invokevirtual(owner(kind), method(kind), "()" + kind.code());
    }
  }

  private static String owner(JvmKind kind) {
    return switch (kind) {
      case INT -> "java/lang/Integer";
      case LONG -> "java/lang/Long";
      case FLOAT -> "java/lang/Float";
      case DOUBLE -> "java/lang/Double";
      case REF -> Names.OBJECT;
    };
  }

  private static String method(JvmKind kind) {
    return switch (kind) {
      case INT -> "intValue";
      case LONG -> "longValue";
      case FLOAT -> "floatValue";
      case DOUBLE -> "doubleValue";
      case REF -> throw new IllegalArgumentException("references are not boxed");
    };
  }
}
