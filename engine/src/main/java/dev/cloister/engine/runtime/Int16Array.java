package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `i16`.
@CalledByGeneratedCode
public final class Int16Array extends WasmArray {
  private static final int WIDTH = 2;

  private final short[] elements;

  private Int16Array(DefinedType type, GcToken token, short[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static Int16Array make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new Int16Array(type, token, new short[length]);
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
    Int16Array array = make(length, type, instance);
    fill(array.elements, 0, length, (short) value, instance);
    return array;
  }

  /// `array.get`_s.
  @CalledByGeneratedCode
  public static int load(@Nullable Object array, int index) {
    return ((Int16Array) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, int value) {
    ((Int16Array) nonNull(array)).elements[index] = (short) value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, int value, int count, Instance instance) {
    Int16Array target = (Int16Array) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, (short) value, instance);
  }

  private static void fill(short[] elements, int from, int to, short value, Instance instance) {
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
    ((Int16Array) array).elements[at] = (short) value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      int v0, int v1, int v2, int v3, int v4, int v5, int v6, int v7, Object array, int at) {
    short[] elements = ((Int16Array) array).elements;
    elements[at] = (short) v0;
    elements[at + 1] = (short) v1;
    elements[at + 2] = (short) v2;
    elements[at + 3] = (short) v3;
    elements[at + 4] = (short) v4;
    elements[at + 5] = (short) v5;
    elements[at + 6] = (short) v6;
    elements[at + 7] = (short) v7;
    return array;
  }

  @Override
  public Object get(int index) {
    return (int) elements[index];
  }

  @Override
  void set(int index, @Nullable Object value) {
    elements[index] = ((Integer) Objects.requireNonNull(value)).shortValue();
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
        .asShortBuffer()
        .get(elements, at, count);
  }

  @Override
  int width() {
    return WIDTH;
  }
}
