package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.VecType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array: an object with elements of one type, and a length that never changes.
///
/// There is a class for each kind of storage. Their static methods `load` and `store` are the
/// accesses of generated code; they have no check of the index but the JVM's, which becomes the
/// trap at the border of the guest.
@CalledByGeneratedCode
public abstract sealed class WasmArray extends GcObject
    permits Int8Array,
        Int16Array,
        Int32Array,
        Int64Array,
        Float32Array,
        Float64Array,
        V128Array,
        RefArray {
  /// What is charged besides the elements: the object and the header of the Java array.
  static final long HEADER_BYTES = 48;

  /// The most elements that a Java array can have.
  static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

  /// Elements that are written or copied between two looks at the stop flag.
  static final int SLICE = 1 << 15;

  /// The number of elements.
  final int length;

  WasmArray(DefinedType type, GcToken token, int length) {
    super(type, token);
    this.length = length;
  }

  /// {@return the number of elements}
  public final int length() {
    return length;
  }

  /// {@return whether the elements are references}
  public final boolean holdsReferences() {
    return this instanceof RefArray;
  }

  /// {@return an element, boxed as in [FuncRef#call]; a packed one as signed `Integer`}
  ///
  /// @throws IndexOutOfBoundsException if there is no such element
  public abstract @Nullable Object get(int index);

  /// Replaces an element, for debuggers.
  ///
  /// @param value of the elements' type; of packed ones the lowest bits count
  /// @throws IndexOutOfBoundsException if there is no such element
  /// @throws IllegalStateException if the elements are immutable
  /// @throws IllegalArgumentException if the value is not of the elements' type
  public final void setElement(int index, @Nullable Object value) {
    Objects.checkIndex(index, length);
    FieldType field = ((ArrayType) type.composite()).field();
    if (!field.mutable()) {
      throw new IllegalStateException("array is immutable");
    }
    set(index, Values.requireType(value, field.storage().unpacked()));
  }

  /// Replaces an element by a boxed value of its type.
  abstract void set(int index, @Nullable Object value);

  /// {@return the Java array}
  abstract Object elements();

  /// {@return how many elements of the Java array one element is}
  int stride() {
    return 1;
  }

  /// Sets elements from bytes in the order of linear memory.
  ///
  /// @param from offset of the first byte
  /// @param at the first element
  abstract void load(WireBytes bytes, int from, int at, int count);

  /// {@return the width of an element in bytes, in the form of linear memory}
  abstract int width();

  /// Pays for an array.
  ///
  /// @param length its elements, unsigned
  /// @param width bytes of an element
  /// @throws TrapException if there is no such Java array
  static GcToken pay(int length, int width, Instance instance) {
    if (length < 0 || length > MAX_LENGTH) {
      throw new TrapException(TrapReason.ALLOCATION_TOO_LARGE);
    }
    return instance.gcHeap.take(HEADER_BYTES + (((long) length * width + 7) & ~7));
  }

  /// {@return the fault that the machine has less memory than the limiter allows}
  ///
  /// The guest asked for it, so it is told.
  static LimitExceededException refused(int length) {
    return LimitExceededException.refused("array of elements", length);
  }

  /// {@return an array of default values} For constant expressions.
  static WasmArray create(DefinedType type, int length, Instance instance) {
    return switch (((ArrayType) type.composite()).field().storage()) {
      case PackedType packed ->
          switch (packed) {
            case I8 -> Int8Array.make(length, type, instance);
            case I16 -> Int16Array.make(length, type, instance);
          };
      case NumType number ->
          switch (number) {
            case I32 -> Int32Array.make(length, type, instance);
            case I64 -> Int64Array.make(length, type, instance);
            case F32 -> Float32Array.make(length, type, instance);
            case F64 -> Float64Array.make(length, type, instance);
          };
      case VecType _ -> V128Array.make(length, type, instance);
      case RefType _ -> RefArray.make(length, type, instance);
    };
  }

  /// {@return the width of the elements of a type of numbers, in the form of linear memory}
  static int widthOf(DefinedType type) {
    return switch (((ArrayType) type.composite()).field().storage()) {
      case PackedType packed -> packed == PackedType.I8 ? 1 : 2;
      case NumType number -> number == NumType.I32 || number == NumType.F32 ? 4 : 8;
      case VecType _ -> 16;
      case RefType _ -> throw new IllegalArgumentException("references have no bytes");
    };
  }

  /// `array.len`.
  @CalledByGeneratedCode
  public static int length(@Nullable Object array) {
    return nonNull(array).length;
  }

  /// {@return `array`, which is not null}
  ///
  /// @throws TrapException if it is null
  static WasmArray nonNull(@Nullable Object array) {
    if (array == null) {
      throw new TrapException(TrapReason.NULL_ARRAY_REFERENCE);
    }
    return (WasmArray) array;
  }

  /// Requires that a range of unsigned numbers lies within an array.
  ///
  /// @throws TrapException if it does not
  final void checkRange(int from, int count) {
    if (Integer.toUnsignedLong(from) + Integer.toUnsignedLong(count) > length) {
      throw new TrapException(TrapReason.ARRAY_OUT_OF_BOUNDS);
    }
  }
}
