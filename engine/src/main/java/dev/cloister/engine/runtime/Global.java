package dev.cloister.engine.runtime;

import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import org.jspecify.annotations.Nullable;

/// A global that more than one party can see: imported, or exported and mutable (Spec 4.2.9).
///
/// Globals that only their own instance uses are plain fields of the generated instance class. The
/// value is in the one field that fits its type; generated code reads and writes it there.
@CalledByGeneratedCode
public final class Global implements Extern {
  /// What a cell is charged at, in bytes.
  static final long BYTES = 72;

  private final GlobalType type;

  /// The value of an i32 global.
  @CalledByGeneratedCode public int i32;

  /// The value of an i64 global, or the low half of a v128 global.
  @CalledByGeneratedCode public long i64;

  /// The high half of a v128 global.
  @CalledByGeneratedCode public long high;

  /// The value of an f32 global.
  @CalledByGeneratedCode public float f32;

  /// The value of an f64 global.
  @CalledByGeneratedCode public double f64;

  /// The value of a global of reference type.
  @CalledByGeneratedCode public @Nullable Object ref;

  private Global(GlobalType type) {
    this.type = type;
  }

  /// Creates a global.
  ///
  /// @param value boxed as in [FuncRef#call]
  /// @throws IllegalArgumentException if the value is not of the global's type
  public static Global create(GlobalType type, @Nullable Object value) {
    Global global = new Global(type);
    global.store(value);
    return global;
  }

  /// {@return the type that importers are matched against}
  public GlobalType type() {
    return type;
  }

  /// {@return the value, boxed as in [FuncRef#call]}
  public @Nullable Object value() {
    return switch (type.valueType()) {
      case NumType number ->
          switch (number) {
            case I32 -> (Object) i32;
            case I64 -> i64;
            case F32 -> f32;
            case F64 -> f64;
          };
      case VecType _ -> new V128(i64, high);
      case RefType _ -> ref;
    };
  }

  /// Replaces the value.
  ///
  /// @throws IllegalStateException if the global is immutable
  /// @throws IllegalArgumentException if the value is not of the global's type
  public void set(@Nullable Object value) {
    if (!type.mutable()) {
      throw new IllegalStateException("global is immutable");
    }
    store(value);
  }

  private void store(@Nullable Object value) {
    ValueType valueType = type.valueType();
    switch (valueType) {
      case NumType number -> {
        switch (number) {
          case I32 -> i32 = Values.require(Integer.class, value, valueType);
          case I64 -> i64 = Values.require(Long.class, value, valueType);
          case F32 -> f32 = Values.require(Float.class, value, valueType);
          case F64 -> f64 = Values.require(Double.class, value, valueType);
        }
      }
      case VecType _ -> {
        V128 vector = Values.require(V128.class, value, valueType);
        i64 = vector.low();
        high = vector.high();
      }
      case RefType refType -> ref = Values.requireReference(value, refType);
    }
  }
}
