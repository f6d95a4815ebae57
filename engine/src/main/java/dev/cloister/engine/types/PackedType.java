package dev.cloister.engine.types;

import java.util.Locale;

/// An integer that takes less room in a field than on the operand stack (Spec 2.3.9).
public enum PackedType implements StorageType {
  /// 8-bit integers.
  I8,
  /// 16-bit integers.
  I16;

  private final String text = name().toLowerCase(Locale.ROOT);

  @Override
  public String toString() {
    return text;
  }
}
