package dev.cloister.engine.codegen;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import org.objectweb.asm.Opcodes;

/// How a Wasm value is represented on the JVM: the computational types of JVMS 2.11.1.
enum JvmKind {
  INT('I', 1, Opcodes.INTEGER),
  LONG('J', 2, Opcodes.LONG),
  FLOAT('F', 1, Opcodes.FLOAT),
  DOUBLE('D', 2, Opcodes.DOUBLE),
  REF('L', 1, "java/lang/Object");

  private static final JvmKind[] VALUES = values();

  private final char code;
  private final int slots;
  private final Object frameType;

  JvmKind(char code, int slots, Object frameType) {
    this.code = code;
    this.slots = slots;
    this.frameType = frameType;
  }

  /// {@return the representation of a value type}
  static JvmKind of(ValueType type) {
    return switch (type) {
      case NumType number ->
          switch (number) {
            case I32 -> INT;
            case I64 -> LONG;
            case F32 -> FLOAT;
            case F64 -> DOUBLE;
          };
      case VecType _ -> throw new IllegalStateException("v128 is not available yet");
      case RefType _ -> REF;
    };
  }

  /// {@return the kind with a letter of [CallShape]}
  static JvmKind of(char code) {
    return switch (code) {
      case 'I' -> INT;
      case 'J' -> LONG;
      case 'F' -> FLOAT;
      case 'D' -> DOUBLE;
      default -> REF;
    };
  }

  /// {@return the kind with this ordinal}
  static JvmKind at(int ordinal) {
    return VALUES[ordinal];
  }

  /// {@return the letter that stands for the kind in a [CallShape]}
  char code() {
    return code;
  }

  /// {@return the number of local variables or stack words that a value takes}
  int slots() {
    return slots;
  }

  /// {@return the type in a stack map frame, as ASM writes it}
  Object frameType() {
    return frameType;
  }

  /// {@return the field or method descriptor}
  String descriptor() {
    return this == REF ? "Ljava/lang/Object;" : String.valueOf(code);
  }

  int load() {
    return Opcodes.ILOAD + ordinal();
  }

  int store() {
    return Opcodes.ISTORE + ordinal();
  }

  int returned() {
    return Opcodes.IRETURN + ordinal();
  }

  int pop() {
    return slots == 2 ? Opcodes.POP2 : Opcodes.POP;
  }
}
