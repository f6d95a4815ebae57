package dev.cloister.engine.codegen;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.List;
import org.objectweb.asm.Opcodes;

/// How a Wasm value is represented on the JVM: the computational types of JVMS 2.11.1.
///
/// A vector is two longs, the low half first: two parameters, two local variables one behind the
/// other, two values on the operand stack. Where a method can return just one value, the high half
/// takes another way; see [CallShape]. Within some functions it is one object; see [PackedPlan].
enum JvmKind {
  INT(0, 'I', 1),
  LONG(1, 'J', 2),
  FLOAT(2, 'F', 1),
  DOUBLE(3, 'D', 2),
  REF(4, 'L', 1),
  V128(5, 'V', 4),
  PACKED(6, 'P', 1);

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
      case VecType _ -> V128;
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
      case 'V' -> V128;
      case 'P' -> PACKED;
      default -> REF;
    };
  }

  /// {@return the kind with this index}
  static JvmKind at(int index) {
    return VALUES[index];
  }

  /// {@return the position in the JVM's own order: int, long, float, double, reference; then
  /// vectors, which it does not know}
  int index() {
    return index;
  }

  /// {@return the position in the JVM's own order of typed instructions}
  int instruction() {
    return this == PACKED ? REF.index : index;
  }

  /// {@return the letter that stands for the kind in a [CallShape]}
  char code() {
    return code;
  }

  /// {@return the number of local variables or stack words that a value takes}
  int slots() {
    return slots;
  }

  /// {@return the number of result slots that a value takes}
  int resultSlots() {
    return this == V128 || this == PACKED ? 2 : 1;
  }

  /// {@return the number of result slots that values take}
  ///
  /// @param letters a letter for each value
  static int resultSlots(String letters) {
    int slots = 0;
    for (int i = 0; i < letters.length(); i++) {
      slots += of(letters.charAt(i)).resultSlots();
    }
    return slots;
  }

  /// {@return the type in a stack map frame, as ASM writes it: of each half, for a vector}
  Object frameType() {
    return switch (this) {
      case INT -> Opcodes.INTEGER;
      case LONG, V128 -> Opcodes.LONG;
      case FLOAT -> Opcodes.FLOAT;
      case DOUBLE -> Opcodes.DOUBLE;
      case REF -> Names.OBJECT;
      case PACKED -> Names.VECTOR;
    };
  }

  /// Adds the types in a stack map frame.
  void addFrameTypes(List<Object> types) {
    types.add(frameType());
    if (this == V128) {
      types.add(frameType());
    }
  }

  /// {@return the descriptor of a parameter, or of the two that a vector is}
  String descriptor() {
    return switch (this) {
      case INT, LONG, FLOAT, DOUBLE -> String.valueOf(code);
      case REF -> "Ljava/lang/Object;";
      case V128 -> "JJ";
      case PACKED -> Names.VECTOR_DESC;
    };
  }

  /// {@return the kind of what is returned on the JVM stack}
  JvmKind returned() {
    return this == V128 ? LONG : this;
  }
}
