package dev.cloister.engine.types;

/// A vector type (Spec 2.3.2).
public enum VecType implements ValueType {
  /// 128 bits, seen as lanes by each instruction.
  V128;

  @Override
  public boolean isDefaultable() {
    return true;
  }

  @Override
  public String toString() {
    return "v128";
  }
}
