package dev.cloister.engine.runtime;

import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import org.jspecify.annotations.Nullable;

/// Checks of boxed values at the border between Wasm and the host.
///
/// Numbers are boxed as `Integer`, `Long`, `Float` and `Double`, vectors as [V128], references are
/// the object itself or null.
public final class Values {
  private Values() {}

  /// {@return `value` as `boxed`}
  ///
  /// @throws IllegalArgumentException if it is of another class or null
  static <T> T require(Class<T> boxed, @Nullable Object value, ValueType type) {
    if (boxed.isInstance(value)) {
      return boxed.cast(value);
    }
    throw new IllegalArgumentException(
        "type mismatch: expected "
            + type
            + ", got "
            + (value == null ? "null" : value.getClass().getSimpleName()));
  }

  /// {@return `value` if it is a reference of type `type`}
  ///
  /// @throws IllegalArgumentException if it is not
  static @Nullable Object requireReference(@Nullable Object value, RefType type) {
    if (matches(value, type)) {
      return value;
    }
    throw new IllegalArgumentException(
        "type mismatch: expected "
            + type
            + ", got "
            + (value == null ? "null" : value.getClass().getSimpleName()));
  }

  /// {@return `value` checked against `type`}
  ///
  /// @throws IllegalArgumentException if it is not of this type
  public static @Nullable Object requireType(@Nullable Object value, ValueType type) {
    return switch (type) {
      case NumType number ->
          switch (number) {
            case I32 -> require(Integer.class, value, type);
            case I64 -> require(Long.class, value, type);
            case F32 -> require(Float.class, value, type);
            case F64 -> require(Double.class, value, type);
          };
      case VecType _ -> require(V128.class, value, type);
      case RefType refType -> requireReference(value, refType);
    };
  }

  private static boolean matches(@Nullable Object value, RefType type) {
    if (value == null) {
      return type.nullable();
    }
    return switch (type.heapType()) {
      case DefinedType defined ->
          Casts.isFunction(value, defined) || Casts.isObject(value, defined);
      case AbstractHeapType abstractType ->
          switch (abstractType) {
            case FUNC -> value instanceof FuncRef;
            case EXTERN, ANY -> true;
            case EXN -> value instanceof ThrownException;
            case NOFUNC, NOEXTERN, NONE, NOEXN -> false;
            case EQ -> Casts.isEq(value);
            case I31 -> value instanceof I31;
            case STRUCT -> value instanceof WasmStruct;
            case ARRAY -> value instanceof WasmArray;
          };
    };
  }
}
