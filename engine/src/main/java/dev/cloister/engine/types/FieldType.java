package dev.cloister.engine.types;

/// A field of a structure, or the elements of an array (Spec 2.3.9).
///
/// @param storage what is stored
/// @param mutable whether it can be written after creation
public record FieldType(StorageType storage, boolean mutable) {

  /// Returns whether the field has a default value.
  public boolean isDefaultable() {
    return switch (storage) {
      case ValueType value -> value.isDefaultable();
      case PackedType _ -> true;
    };
  }

  @Override
  public String toString() {
    return mutable ? "(mut " + storage + ")" : storage.toString();
  }
}
