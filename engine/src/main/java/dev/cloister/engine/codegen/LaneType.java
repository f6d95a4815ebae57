package dev.cloister.engine.codegen;

/// How a vector object is divided into lanes: the classes of the JDK's Vector API.
enum LaneType {
  BYTE("Byte", 'B', 8),
  SHORT("Short", 'S', 16),
  INT("Int", 'I', 32),
  LONG("Long", 'J', 64),
  FLOAT("Float", 'F', 32),
  DOUBLE("Double", 'D', 64);

  private static final LaneType[] VALUES = values();

  private final String owner;
  private final String view;
  private final char code;
  private final int bits;

  LaneType(String name, char code, int bits) {
    this.owner = Names.VECTORS + name + "Vector";
    this.view = "reinterpretAs" + name + "s";
    this.code = code;
    this.bits = bits;
  }

  /// {@return the type with this ordinal}
  static LaneType at(int ordinal) {
    return VALUES[ordinal];
  }

  /// {@return the lanes of a shape as mnemonics have it; bytes if it has none of its own}
  static LaneType of(String shape) {
    return switch (shape) {
      case "i16x8" -> SHORT;
      case "i32x4" -> INT;
      case "i64x2" -> LONG;
      case "f32x4" -> FLOAT;
      case "f64x2" -> DOUBLE;
      default -> BYTE;
    };
  }

  /// {@return the internal name of the class of such vectors}
  String owner() {
    return owner;
  }

  /// {@return the descriptor of that class}
  String descriptor() {
    return "L" + owner + ";";
  }

  /// {@return the method that views a vector as one of this type}
  String view() {
    return view;
  }

  /// {@return the descriptor of a lane}
  char code() {
    return code;
  }

  /// {@return the width of a lane}
  int bits() {
    return bits;
  }

  /// {@return the kind of a lane as an operand}
  JvmKind lane() {
    return switch (this) {
      case BYTE, SHORT, INT -> JvmKind.INT;
      case LONG -> JvmKind.LONG;
      case FLOAT -> JvmKind.FLOAT;
      case DOUBLE -> JvmKind.DOUBLE;
    };
  }

  /// {@return the type of integers of the same width}
  LaneType integral() {
    return switch (this) {
      case FLOAT -> INT;
      case DOUBLE -> LONG;
      default -> this;
    };
  }

  /// {@return the type of integers of half the width}
  LaneType narrower() {
    return switch (this) {
      case SHORT -> BYTE;
      case INT -> SHORT;
      case LONG -> INT;
      default -> throw new IllegalStateException("no half of " + this);
    };
  }
}
