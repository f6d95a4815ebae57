package dev.cloister.engine.types;

/// The type of a global (Spec 2.3.14).
///
/// @param valueType type of the value
/// @param mutable whether the value can change
public record GlobalType(ValueType valueType, boolean mutable) implements ExternType {

  @Override
  public String toString() {
    return "global " + (mutable ? "(mut " + valueType + ")" : valueType);
  }
}
