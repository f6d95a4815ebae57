package dev.cloister.engine.types;

/// What a field of a structure or array stores: a value or a packed integer (Spec 2.3.9).
public sealed interface StorageType permits ValueType, PackedType {

  /// Returns the type that the field's value has on the operand stack.
  default ValueType unpacked() {
    return switch (this) {
      case ValueType value -> value;
      case PackedType _ -> NumType.I32;
    };
  }
}
