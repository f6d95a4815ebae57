package dev.cloister.engine.types;

/// The type of a value: what locals, globals, operands, parameters and results have (Spec 2.3.5).
public sealed interface ValueType extends StorageType permits NumType, VecType, RefType {

  /// Returns whether a local of this type has an initial value: all but non-nullable references.
  boolean isDefaultable();
}
