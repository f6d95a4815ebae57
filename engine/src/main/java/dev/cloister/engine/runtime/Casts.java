package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.types.DefinedType;
import org.jspecify.annotations.Nullable;

/// Tests of references (Spec 3.3.3 and 4.4.3): what they point to, and whether two are the same.
///
/// A value of the host that became an `anyref` is the host's object itself, and so is an internal
/// object that became an `externref`: the two hierarchies are told apart by validation, so the
/// conversions change nothing.
@CalledByGeneratedCode
public final class Casts {
  private Casts() {}

  /// {@return whether two references are the same} `ref.eq`.
  @CalledByGeneratedCode
  @SuppressWarnings("ReferenceEquality") // Identity is what Wasm asks for, but for i31.
  public static boolean areEqual(@Nullable Object left, @Nullable Object right) {
    return left == right || (left instanceof I31 i31 && i31.equals(right));
  }

  /// {@return `reference`, which passed a test} `ref.cast`.
  ///
  /// @throws TrapException if it did not pass
  @CalledByGeneratedCode
  public static @Nullable Object require(@Nullable Object reference, boolean passed) {
    if (!passed) {
      throw new TrapException(TrapReason.CAST_FAILURE);
    }
    return reference;
  }

  /// {@return `reference`, which is not null} The check of accesses to structures.
  ///
  /// @throws TrapException if it is null
  @CalledByGeneratedCode
  public static Object nonNullStructure(@Nullable Object reference) {
    if (reference == null) {
      throw new TrapException(TrapReason.NULL_STRUCTURE_REFERENCE);
    }
    return reference;
  }

  /// {@return whether it is not null} Passes every top type.
  @CalledByGeneratedCode
  public static boolean isNonNull(@Nullable Object reference) {
    return reference != null;
  }

  /// {@return whether it is null} Passes the nullable bottom types alone.
  @CalledByGeneratedCode
  public static boolean isNull(@Nullable Object reference) {
    return reference == null;
  }

  /// {@return whether it can be compared}
  @CalledByGeneratedCode
  public static boolean isEq(@Nullable Object reference) {
    return reference instanceof GcObject || reference instanceof I31;
  }

  /// {@return whether it is null or can be compared}
  @CalledByGeneratedCode
  public static boolean isNullOrEq(@Nullable Object reference) {
    return reference == null || isEq(reference);
  }

  /// {@return whether it is an i31}
  @CalledByGeneratedCode
  public static boolean isI31(@Nullable Object reference) {
    return reference instanceof I31;
  }

  /// {@return whether it is null or an i31}
  @CalledByGeneratedCode
  public static boolean isNullOrI31(@Nullable Object reference) {
    return reference == null || reference instanceof I31;
  }

  /// {@return whether it is a structure}
  @CalledByGeneratedCode
  public static boolean isStruct(@Nullable Object reference) {
    return reference instanceof WasmStruct;
  }

  /// {@return whether it is null or a structure}
  @CalledByGeneratedCode
  public static boolean isNullOrStruct(@Nullable Object reference) {
    return reference == null || reference instanceof WasmStruct;
  }

  /// {@return whether it is an array}
  @CalledByGeneratedCode
  public static boolean isArray(@Nullable Object reference) {
    return reference instanceof WasmArray;
  }

  /// {@return whether it is null or an array}
  @CalledByGeneratedCode
  public static boolean isNullOrArray(@Nullable Object reference) {
    return reference == null || reference instanceof WasmArray;
  }

  /// {@return whether it is an object of a structure or array type}
  @CalledByGeneratedCode
  public static boolean isObject(@Nullable Object reference, DefinedType type) {
    return reference instanceof GcObject object && object.type.isSubtypeOf(type);
  }

  /// {@return whether it is null or an object of a structure or array type}
  @CalledByGeneratedCode
  public static boolean isNullOrObject(@Nullable Object reference, DefinedType type) {
    return reference == null || isObject(reference, type);
  }

  /// {@return whether it is a function of a type}
  @CalledByGeneratedCode
  public static boolean isFunction(@Nullable Object reference, DefinedType type) {
    return reference instanceof FuncRef function && function.type().isSubtypeOf(type);
  }

  /// {@return whether it is null or a function of a type}
  @CalledByGeneratedCode
  public static boolean isNullOrFunction(@Nullable Object reference, DefinedType type) {
    return reference == null || isFunction(reference, type);
  }
}
