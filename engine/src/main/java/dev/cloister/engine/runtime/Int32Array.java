package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `i32`.
@CalledByGeneratedCode
public final class Int32Array extends WasmArray {
  private static final int WIDTH = 4;

  private final int[] elements;

  private Int32Array(DefinedType type, GcToken token, int[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static Int32Array make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new Int32Array(type, token, new int[length]);
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
  public static Object create(int value, int length, DefinedType type, Instance instance) {
    Int32Array array = make(length, type, instance);
    fill(array.elements, 0, length, value, instance);
    return array;
  }

  /// `array.get`.
  @CalledByGeneratedCode
  public static int load(@Nullable Object array, int index) {
    return ((Int32Array) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, int value) {
    ((Int32Array) nonNull(array)).elements[index] = value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, int value, int count, Instance instance) {
    Int32Array target = (Int32Array) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, value, instance);
  }

  private static void fill(int[] elements, int from, int to, int value, Instance instance) {
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
  public static Object put(int value, Object array, int at) {
    ((Int32Array) array).elements[at] = value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      int v0, int v1, int v2, int v3, int v4, int v5, int v6, int v7, Object array, int at) {
    int[] elements = ((Int32Array) array).elements;
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
    elements[index] = (Integer) Objects.requireNonNull(value);
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
        .asIntBuffer()
        .get(elements, at, count);
  }

  @Override
  int width() {
    return WIDTH;
  }
}
