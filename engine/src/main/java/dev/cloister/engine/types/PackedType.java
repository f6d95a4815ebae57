package dev.cloister.engine.types;

import java.util.Locale;

/// An integer that takes less room in a field than on the operand stack (Spec 2.3.9).
public enum PackedType implements StorageType {
  /// 8-bit integers.
  I8(0x78),
  /// 16-bit integers.
  I16(0x77);

  private final int code;
  private final String text = name().toLowerCase(Locale.ROOT);

  PackedType(int code) {
    this.code = code;
  }

  /// Returns the byte that stands for this type in the binary format (Spec 5.3.8).
  public int code() {
    return code;
  }

  @Override
  public String toString() {
    return text;
  }
}
