package dev.cloister.engine.types;

import java.util.Locale;

/// A number type (Spec 2.3.1).
public enum NumType implements ValueType {
  /// 32-bit integers.
  I32(0x7F),
  /// 64-bit integers.
  I64(0x7E),
  /// 32-bit IEEE 754 numbers.
  F32(0x7D),
  /// 64-bit IEEE 754 numbers.
  F64(0x7C);

  private final int code;
  private final String text = name().toLowerCase(Locale.ROOT);

  NumType(int code) {
    this.code = code;
  }

  /// Returns the byte that stands for this type in the binary format (Spec 5.3.1).
  public int code() {
    return code;
  }

  @Override
  public boolean isDefaultable() {
    return true;
  }

  @Override
  public String toString() {
    return text;
  }
}
