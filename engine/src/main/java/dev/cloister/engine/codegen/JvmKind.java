package dev.cloister.engine.codegen;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import org.objectweb.asm.Opcodes;

/// How a Wasm value is represented on the JVM: the computational types of JVMS 2.11.1.
enum JvmKind {
  INT(0, 'I', 1),
  LONG(1, 'J', 2),
  FLOAT(2, 'F', 1),
  DOUBLE(3, 'D', 2),
  REF(4, 'L', 1);

  private static final JvmKind[] VALUES = values();

  /// The position in the JVM's own order of typed instructions.
  private final int index;

  private final char code;
  private final int slots;

  JvmKind(int index, char code, int slots) {
    this.index = index;
    this.code = code;
    this.slots = slots;
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

  /// {@return the kind with this index}
  static JvmKind at(int index) {
    return VALUES[index];
  }

  /// {@return the position in the JVM's own order: int, long, float, double, reference}
  int index() {
    return index;
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
    return switch (this) {
      case INT -> Opcodes.INTEGER;
      case LONG -> Opcodes.LONG;
      case FLOAT -> Opcodes.FLOAT;
      case DOUBLE -> Opcodes.DOUBLE;
      case REF -> Names.OBJECT;
    };
  }

  /// {@return the field or method descriptor}
  String descriptor() {
    return this == REF ? "Ljava/lang/Object;" : String.valueOf(code);
  }

  int load() {
    return Opcodes.ILOAD + index;
  }

  int store() {
    return Opcodes.ISTORE + index;
  }

  int returned() {
    return Opcodes.IRETURN + index;
  }

  int pop() {
    return slots == 2 ? Opcodes.POP2 : Opcodes.POP;
  }
}
