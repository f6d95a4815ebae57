package dev.cloister.engine.types;

import java.util.List;

/// The subtype relation (Spec 3.3), and the matching of imports (Spec 3.3.13). Pure functions on
/// canonical types.
public final class Subtyping {

  private Subtyping() {}

  /// Returns whether a value of type `sub` can be used where `sup` is expected.
  @SuppressWarnings("ReferenceEquality") // A fast way out; equal types may be two objects.
  public static boolean isSubtype(ValueType sub, ValueType sup) {
    return sub == sup
        || (sub instanceof RefType subRef
            && sup instanceof RefType supRef
            && isSubtype(subRef, supRef));
  }

  /// Returns whether a reference of type `sub` can be used where `sup` is expected.
  public static boolean isSubtype(RefType sub, RefType sup) {
    return (sup.nullable() || !sub.nullable()) && isSubtype(sub.heapType(), sup.heapType());
  }

  /// Returns whether everything that `sub` describes is also described by `sup`.
  public static boolean isSubtype(HeapType sub, HeapType sup) {
    if (sub == sup) {
      return true;
    }
    return switch (sub) {
      case AbstractHeapType abstractSub -> isSubtype(abstractSub, sup);
      case DefinedType definedSub ->
          switch (sup) {
            case DefinedType definedSup -> definedSub.isSubtypeOf(definedSup);
            case AbstractHeapType abstractSup -> isSubtype(abstractTypeOf(definedSub), abstractSup);
          };
    };
  }

  private static boolean isSubtype(AbstractHeapType sub, HeapType sup) {
    return switch (sub) {
      case NONE, NOFUNC, NOEXTERN, NOEXN -> sup.top() == sub.top();
      case I31, STRUCT, ARRAY ->
          sup == sub || sup == AbstractHeapType.EQ || sup == AbstractHeapType.ANY;
      case EQ -> sup == AbstractHeapType.EQ || sup == AbstractHeapType.ANY;
      case FUNC, EXTERN, ANY, EXN -> sup == sub;
    };
  }

  /// Returns the abstract type just above all types of the kind of `type`.
  private static AbstractHeapType abstractTypeOf(DefinedType type) {
    return switch (type.composite()) {
      case FuncType _ -> AbstractHeapType.FUNC;
      case StructType _ -> AbstractHeapType.STRUCT;
      case ArrayType _ -> AbstractHeapType.ARRAY;
    };
  }

  /// Returns whether a type with structure `sub` may declare one with structure `sup` as its
  /// supertype.
  public static boolean isSubtype(CompositeType sub, CompositeType sup) {
    return switch (sub) {
      case FuncType function ->
          sup instanceof FuncType other
              && areSubtypes(other.params(), function.params())
              && areSubtypes(function.results(), other.results());
      case StructType struct ->
          sup instanceof StructType other && areFieldSubtypes(struct.fields(), other.fields());
      case ArrayType array ->
          sup instanceof ArrayType other && isSubtype(array.field(), other.field());
    };
  }

  /// Returns whether each type of `sub` is a subtype of the one at its place in `sup`.
  @SuppressWarnings("ReferenceEquality") // A fast way out; equal lists may be two objects.
  public static boolean areSubtypes(List<ValueType> sub, List<ValueType> sup) {
    if (sub == sup) {
      return true;
    }
    if (sub.size() != sup.size()) {
      return false;
    }
    for (int i = 0; i < sub.size(); i++) {
      if (!isSubtype(sub.get(i), sup.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean areFieldSubtypes(List<FieldType> sub, List<FieldType> sup) {
    if (sub.size() < sup.size()) {
      return false;
    }
    for (int i = 0; i < sup.size(); i++) {
      if (!isSubtype(sub.get(i), sup.get(i))) {
        return false;
      }
    }
    return true;
  }

  /// Returns whether a field of type `sub` can stand for one of type `sup`: mutable fields must be
  /// the same.
  public static boolean isSubtype(FieldType sub, FieldType sup) {
    if (sub.mutable() != sup.mutable() || !isSubtype(sub.storage(), sup.storage())) {
      return false;
    }
    return !sub.mutable() || isSubtype(sup.storage(), sub.storage());
  }

  /// Returns whether what `sub` stores can be read as `sup`.
  @SuppressWarnings("ReferenceEquality") // A fast way out; equal types may be two objects.
  public static boolean isSubtype(StorageType sub, StorageType sup) {
    return sub == sup
        || (sub instanceof RefType subRef
            && sup instanceof RefType supRef
            && isSubtype(subRef, supRef));
  }

  /// Returns whether something of type `actual`, with its present size as the minimum of its
  /// limits, can be imported as `required` (Spec 3.3.13).
  public static boolean matches(ExternType actual, ExternType required) {
    return switch (actual) {
      case FuncExternType function ->
          required instanceof FuncExternType other && function.type().isSubtypeOf(other.type());
      case TableType table ->
          required instanceof TableType other
              && matches(table.limits(), other.limits())
              && isSubtype(table.element(), other.element())
              && isSubtype(other.element(), table.element());
      case MemoryType memory ->
          required instanceof MemoryType other
              && memory.shared() == other.shared()
              && memory.pageSizeLog2() == other.pageSizeLog2()
              && matches(memory.limits(), other.limits());
      case GlobalType global ->
          required instanceof GlobalType other
              && global.mutable() == other.mutable()
              && isSubtype(global.valueType(), other.valueType())
              && (!global.mutable() || isSubtype(other.valueType(), global.valueType()));
      case TagType tag -> required instanceof TagType other && tag.type() == other.type();
    };
  }

  /// Returns whether a size range lies within another one (Spec 3.3.12).
  public static boolean matches(Limits actual, Limits required) {
    return actual.is64() == required.is64()
        && Long.compareUnsigned(actual.min(), required.min()) >= 0
        && (!required.hasMax()
            || (actual.hasMax() && Long.compareUnsigned(actual.max(), required.max()) <= 0));
  }
}
