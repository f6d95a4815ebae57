package dev.cloister.engine.types;

/// A vector type (Spec 2.3.2).
public enum VecType implements ValueType {
  /// 128 bits, seen as lanes by each instruction.
  V128;

  /// Returns the byte that stands for this type in the binary format (Spec 5.3.2).
  public int code() {
    return 0x7B;
  }

  @Override
  public boolean isDefaultable() {
    return true;
  }

  @Override
  public String toString() {
    return "v128";
  }
}
