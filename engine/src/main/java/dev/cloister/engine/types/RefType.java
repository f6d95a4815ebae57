package dev.cloister.engine.types;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// A reference type (Spec 2.3.4). [#of] returns the same object for the same type, so that the
/// usual comparison is one of identity.
///
/// @param nullable whether null is a value of the type
/// @param heapType what other values point to
public record RefType(boolean nullable, HeapType heapType) implements ValueType {

  // Held here and not by the heap types, so that the initialization of classes has no cycle.
  private static final Map<AbstractHeapType, RefType> NULLABLE = abstractTypes(true);
  private static final Map<AbstractHeapType, RefType> NON_NULL = abstractTypes(false);

  /// `(ref null func)`.
  public static final RefType FUNCREF = of(true, AbstractHeapType.FUNC);

  /// `(ref null extern)`.
  public static final RefType EXTERNREF = of(true, AbstractHeapType.EXTERN);

  /// `(ref null any)`.
  public static final RefType ANYREF = of(true, AbstractHeapType.ANY);

  /// `(ref null eq)`.
  public static final RefType EQREF = of(true, AbstractHeapType.EQ);

  /// `(ref null i31)`.
  public static final RefType I31REF = of(true, AbstractHeapType.I31);

  /// `(ref null struct)`.
  public static final RefType STRUCTREF = of(true, AbstractHeapType.STRUCT);

  /// `(ref null array)`.
  public static final RefType ARRAYREF = of(true, AbstractHeapType.ARRAY);

  /// `(ref null exn)`.
  public static final RefType EXNREF = of(true, AbstractHeapType.EXN);

  /// `(ref null none)`.
  public static final RefType NULLREF = of(true, AbstractHeapType.NONE);

  /// `(ref null nofunc)`.
  public static final RefType NULLFUNCREF = of(true, AbstractHeapType.NOFUNC);

  /// `(ref null noextern)`.
  public static final RefType NULLEXTERNREF = of(true, AbstractHeapType.NOEXTERN);

  /// `(ref null noexn)`.
  public static final RefType NULLEXNREF = of(true, AbstractHeapType.NOEXN);

  /// Returns the reference type for `heapType`.
  public static RefType of(boolean nullable, HeapType heapType) {
    return switch (heapType) {
      case AbstractHeapType type ->
          Objects.requireNonNull((nullable ? NULLABLE : NON_NULL).get(type));
      case DefinedType type -> type.reference(nullable);
    };
  }

  /// Returns this type with null.
  public RefType asNullable() {
    return of(true, heapType);
  }

  /// Returns this type without null.
  public RefType asNonNull() {
    return of(false, heapType);
  }

  @Override
  public boolean isDefaultable() {
    return nullable;
  }

  @Override
  public String toString() {
    if (nullable && heapType instanceof AbstractHeapType type) {
      return switch (type) {
        case NOFUNC -> "nullfuncref";
        case NOEXTERN -> "nullexternref";
        case NONE -> "nullref";
        case NOEXN -> "nullexnref";
        case FUNC, EXTERN, ANY, EQ, I31, STRUCT, ARRAY, EXN -> type + "ref";
      };
    }
    return (nullable ? "(ref null " : "(ref ") + heapType + ")";
  }

  private static Map<AbstractHeapType, RefType> abstractTypes(boolean nullable) {
    Map<AbstractHeapType, RefType> types = new EnumMap<>(AbstractHeapType.class);
    for (AbstractHeapType heapType : AbstractHeapType.values()) {
      types.put(heapType, new RefType(nullable, heapType));
    }
    return types;
  }
}
