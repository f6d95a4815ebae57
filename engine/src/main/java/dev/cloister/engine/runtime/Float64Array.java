package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `f64`.
@CalledByGeneratedCode
public final class Float64Array extends WasmArray {
  private static final int WIDTH = 8;

  private final double[] elements;

  private Float64Array(DefinedType type, GcToken token, double[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static Float64Array make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new Float64Array(type, token, new double[length]);
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
  public static Object create(double value, int length, DefinedType type, Instance instance) {
    Float64Array array = make(length, type, instance);
    fill(array.elements, 0, length, value, instance);
    return array;
  }

  /// `array.get`.
  @CalledByGeneratedCode
  public static double load(@Nullable Object array, int index) {
    return ((Float64Array) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, double value) {
    ((Float64Array) nonNull(array)).elements[index] = value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, double value, int count, Instance instance) {
    Float64Array target = (Float64Array) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, value, instance);
  }

  private static void fill(double[] elements, int from, int to, double value, Instance instance) {
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
  public static Object put(double value, Object array, int at) {
    ((Float64Array) array).elements[at] = value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      double v0,
      double v1,
      double v2,
      double v3,
      double v4,
      double v5,
      double v6,
      double v7,
      Object array,
      int at) {
    double[] elements = ((Float64Array) array).elements;
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
    elements[index] = (Double) Objects.requireNonNull(value);
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
        .asDoubleBuffer()
        .get(elements, at, count);
  }

  @Override
  int width() {
    return WIDTH;
  }
}
