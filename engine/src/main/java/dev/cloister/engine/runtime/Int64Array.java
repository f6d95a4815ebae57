package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `i64`.
@CalledByGeneratedCode
public final class Int64Array extends WasmArray {
  private static final int WIDTH = 8;

  private final long[] elements;

  private Int64Array(DefinedType type, GcToken token, long[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static Int64Array make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new Int64Array(type, token, new long[length]);
    } catch (OutOfMemoryError _) {
      throw refused(length);
    }
  }

  /// `array.new_default`.
  @CalledByGeneratedCode
  public static Object create(int length, DefinedType type, Instance instance) {
    return make(length, type, instance);
  }

  /// `array.new`.
  @CalledByGeneratedCode
  public static Object create(long value, int length, DefinedType type, Instance instance) {
    Int64Array array = make(length, type, instance);
    fill(array.elements, 0, length, value, instance);
    return array;
  }

  /// `array.get`.
  @CalledByGeneratedCode
  public static long load(@Nullable Object array, int index) {
    return ((Int64Array) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, long value) {
    ((Int64Array) nonNull(array)).elements[index] = value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, long value, int count, Instance instance) {
    Int64Array target = (Int64Array) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, value, instance);
  }

  private static void fill(long[] elements, int from, int to, long value, Instance instance) {
    int start = from;
    while (to - start > SLICE) {
      Arrays.fill(elements, start, start + SLICE, value);
      start += SLICE;
      instance.store.throwIfStopped();
    }
    Arrays.fill(elements, start, to, value);
  }

  /// Sets an element of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(long value, Object array, int at) {
    ((Int64Array) array).elements[at] = value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      long v0,
      long v1,
      long v2,
      long v3,
      long v4,
      long v5,
      long v6,
      long v7,
      Object array,
      int at) {
    long[] elements = ((Int64Array) array).elements;
    elements[at] = v0;
    elements[at + 1] = v1;
    elements[at + 2] = v2;
    elements[at + 3] = v3;
    elements[at + 4] = v4;
    elements[at + 5] = v5;
    elements[at + 6] = v6;
    elements[at + 7] = v7;
    return array;
  }

  @Override
  public Object get(int index) {
    return elements[index];
  }

  @Override
  void set(int index, @Nullable Object value) {
    elements[index] = (Long) Objects.requireNonNull(value);
  }

  @Override
  Object elements() {
    return elements;
  }

  @Override
  void load(WireBytes bytes, int from, int at, int count) {
    bytes
        .buffer(from, count * WIDTH)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .get(elements, at, count);
  }

  @Override
  int width() {
    return WIDTH;
  }
}
