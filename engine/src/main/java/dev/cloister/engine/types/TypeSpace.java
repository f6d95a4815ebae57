package dev.cloister.engine.types;

/// The types of a module by index.
public interface TypeSpace {

  /// Returns the number of types.
  int typeCount();

  /// Returns the type at `index`, in `[0, typeCount)`.
  DefinedType type(int index);
}
