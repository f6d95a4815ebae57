package dev.cloister.engine.types;

import java.util.Locale;

/// A number type (Spec 2.3.1).
public enum NumType implements ValueType {
  /// 32-bit integers.
  I32,
  /// 64-bit integers.
  I64,
  /// 32-bit IEEE 754 numbers.
  F32,
  /// 64-bit IEEE 754 numbers.
  F64;

  private final String text = name().toLowerCase(Locale.ROOT);

  @Override
  public boolean isDefaultable() {
    return true;
  }

  @Override
  public String toString() {
    return text;
  }
}
