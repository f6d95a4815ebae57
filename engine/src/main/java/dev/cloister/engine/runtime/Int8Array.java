package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `i8`.
@CalledByGeneratedCode
public final class Int8Array extends WasmArray {
  private static final int WIDTH = 1;

  private final byte[] elements;

  private Int8Array(DefinedType type, GcToken token, byte[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static Int8Array make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new Int8Array(type, token, new byte[length]);
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
    Int8Array array = make(length, type, instance);
    fill(array.elements, 0, length, (byte) value, instance);
    return array;
  }

  /// `array.get`_s.
  @CalledByGeneratedCode
  public static int load(@Nullable Object array, int index) {
    return ((Int8Array) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, int value) {
    ((Int8Array) nonNull(array)).elements[index] = (byte) value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, int value, int count, Instance instance) {
    Int8Array target = (Int8Array) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, (byte) value, instance);
  }

  private static void fill(byte[] elements, int from, int to, byte value, Instance instance) {
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
    ((Int8Array) array).elements[at] = (byte) value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      int v0, int v1, int v2, int v3, int v4, int v5, int v6, int v7, Object array, int at) {
    byte[] elements = ((Int8Array) array).elements;
    elements[at] = (byte) v0;
    elements[at + 1] = (byte) v1;
    elements[at + 2] = (byte) v2;
    elements[at + 3] = (byte) v3;
    elements[at + 4] = (byte) v4;
    elements[at + 5] = (byte) v5;
    elements[at + 6] = (byte) v6;
    elements[at + 7] = (byte) v7;
    return array;
  }

  @Override
  public Object get(int index) {
    return (int) elements[index];
  }

  @Override
  void set(int index, @Nullable Object value) {
    elements[index] = ((Integer) Objects.requireNonNull(value)).byteValue();
  }

  @Override
  Object elements() {
    return elements;
  }

  @Override
  void load(WireBytes bytes, int from, int at, int count) {
    bytes.copyTo(from, elements, at, count);
  }

  @Override
  int width() {
    return WIDTH;
  }
}
