package dev.cloister.engine.types;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A type that a module defines: a member of a recursion group (Spec 2.3.10, 3.1.4).
///
/// Types are canonical: two definitions of equal types, in whichever modules, are the same object,
/// so `==` is type equality. Immutable once [TypeCanonicalizer] has returned it. Holds on to the
/// types it mentions; nothing in the engine holds on to it but its users.
public final class DefinedType implements HeapType {

  final RecGroup group;
  final int indexInGroup;

  private @Nullable CompositeType composite;
  private boolean isFinal;
  private @Nullable DefinedType supertype;

  /// All types above this one, from the highest, and this one; null if there are none above.
  private DefinedType @Nullable [] supertypes;

  // Made when they are needed; two equal ones made at once do no harm.
  private @Nullable RefType nullableReference;
  private @Nullable RefType nonNullReference;

  DefinedType(RecGroup group, int indexInGroup) {
    this.group = group;
    this.indexInGroup = indexInGroup;
  }

  /// Returns the canonical type for functions like `type`: final, without supertype, alone in its
  /// recursion group. This is the type that a host function has.
  public static DefinedType of(FuncType type) {
    RecGroup group = new RecGroup(1);
    group.define(0, /* isFinal= */ true, /* supertype= */ null, type);
    return TypeCanonicalizer.shared().canonicalize(group).type(0);
  }

  void define(boolean isFinal, @Nullable DefinedType supertype, CompositeType composite) {
    this.isFinal = isFinal;
    this.supertype = supertype;
    this.composite = composite;
  }

  /// Fixes the chain of supertypes, which is known once all members of the group are defined.
  void seal() {
    DefinedType parent = supertype;
    if (parent != null) {
      DefinedType[] above = parent.supertypes;
      DefinedType[] chain =
          above == null ? new DefinedType[] {parent, this} : Arrays.copyOf(above, above.length + 1);
      chain[chain.length - 1] = this;
      supertypes = chain;
    }
  }

  RefType reference(boolean nullable) {
    RefType known = nullable ? nullableReference : nonNullReference;
    if (known != null) {
      return known;
    }
    RefType made = new RefType(nullable, this);
    if (nullable) {
      nullableReference = made;
    } else {
      nonNullReference = made;
    }
    return made;
  }

  /// Returns a number of this type that no other live type has; it may be used again when the type
  /// is dead.
  public int id() {
    return group.firstId() + indexInGroup;
  }

  /// Returns what the type describes.
  public CompositeType composite() {
    CompositeType defined = composite;
    if (defined == null) {
      throw new IllegalStateException("type is used before it is defined");
    }
    return defined;
  }

  /// Returns whether no other type can declare this one as its supertype.
  public boolean isFinal() {
    return isFinal;
  }

  /// Returns the declared supertype, or null if there is none.
  public @Nullable DefinedType supertype() {
    return supertype;
  }

  /// Returns the number of types above this one: 0 without a supertype.
  public int depth() {
    return supertypes == null ? 0 : supertypes.length - 1;
  }

  /// Returns whether this type is `other` or declares it as a supertype, directly or not. Takes
  /// constant time.
  public boolean isSubtypeOf(DefinedType other) {
    if (this == other) {
      return true;
    }
    DefinedType[] chain = supertypes;
    int depth = other.depth();
    return chain != null && depth < chain.length && chain[depth] == other;
  }

  @Override
  public AbstractHeapType top() {
    return composite() instanceof FuncType ? AbstractHeapType.FUNC : AbstractHeapType.ANY;
  }

  /// Returns the kind of the type alone: its structure may be cyclic, and its id is nothing that a
  /// message may depend on.
  @Override
  public String toString() {
    return switch (composite) {
      case FuncType _ -> "$func";
      case StructType _ -> "$struct";
      case ArrayType _ -> "$array";
      case null -> "$type";
    };
  }
}
