package dev.cloister.engine.types;

import org.jspecify.annotations.Nullable;

/// A recursion group: types that are defined together and may mention each other (Spec 2.3.10).
///
/// A decoder creates a group, mentions its members by [#type] in the composite types that it hands
/// to [#define], and exchanges the complete group for the canonical one.
public final class RecGroup {

  private static final int NOT_CANONICAL = -1;

  private final DefinedType[] types;
  private int firstId = NOT_CANONICAL;

  /// Creates a group of `size` types that are not yet defined.
  public RecGroup(int size) {
    types = new DefinedType[size];
    for (int i = 0; i < size; i++) {
      types[i] = new DefinedType(this, i);
    }
  }

  /// Returns the number of types in the group.
  public int size() {
    return types.length;
  }

  /// Returns member `index`. It is canonical only if this group came from [TypeCanonicalizer].
  public DefinedType type(int index) {
    return types[index];
  }

  /// Defines member `index`. A supertype in the same group must have a smaller index.
  public void define(
      int index, boolean isFinal, @Nullable DefinedType supertype, CompositeType composite) {
    if (isCanonical()) {
      throw new IllegalStateException("recursion group is already canonical");
    }
    types[index].define(isFinal, supertype, composite);
  }

  /// Fixes what follows from the definitions of all members.
  void seal() {
    for (DefinedType type : types) {
      type.seal();
    }
  }

  void makeCanonical(int firstId) {
    this.firstId = firstId;
  }

  boolean isCanonical() {
    return firstId != NOT_CANONICAL;
  }

  int firstId() {
    if (firstId == NOT_CANONICAL) {
      throw new IllegalStateException("recursion group is not canonical");
    }
    return firstId;
  }
}
