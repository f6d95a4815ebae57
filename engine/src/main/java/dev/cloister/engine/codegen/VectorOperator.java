package dev.cloister.engine.codegen;

/// The operators of the JDK's Vector API that generated code uses, by their names there.
enum VectorOperator {
  NOT("Unary"),
  ABS("Unary"),
  NEG("Unary"),
  SQRT("Unary"),
  BIT_COUNT("Unary"),
  ADD("Associative"),
  SUB("Binary"),
  MUL("Associative"),
  DIV("Binary"),
  MIN("Associative"),
  MAX("Associative"),
  UMIN("Associative"),
  UMAX("Associative"),
  AND("Associative"),
  AND_NOT("Binary"),
  OR("Associative"),
  XOR("Associative"),
  SADD("Binary"),
  SUADD("Binary"),
  SSUB("Binary"),
  SUSUB("Binary"),
  LSHL("Binary"),
  ASHR("Binary"),
  LSHR("Binary"),
  BITWISE_BLEND("Ternary"),
  EQ("Comparison"),
  NE("Comparison"),
  LT("Comparison"),
  LE("Comparison"),
  GT("Comparison"),
  GE("Comparison"),
  ULT("Comparison"),
  ULE("Comparison"),
  UGT("Comparison"),
  UGE("Comparison");

  static final String UNARY = descriptor("Unary");
  static final String BINARY = descriptor("Binary");
  static final String TERNARY = descriptor("Ternary");
  static final String COMPARISON = descriptor("Comparison");

  private final String descriptor;

  VectorOperator(String type) {
    this.descriptor = descriptor(type);
  }

  private static String descriptor(String type) {
    return "L" + Names.VECTORS + "VectorOperators$" + type + ";";
  }

  /// {@return the descriptor of the field of the operator}
  String descriptor() {
    return descriptor;
  }
}
