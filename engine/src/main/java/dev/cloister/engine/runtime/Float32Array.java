package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `f32`.
@CalledByGeneratedCode
public final class Float32Array extends WasmArray {
  private static final int WIDTH = 4;

  private final float[] elements;

  private Float32Array(DefinedType type, GcToken token, float[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static Float32Array make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new Float32Array(type, token, new float[length]);
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
  public static Object create(float value, int length, DefinedType type, Instance instance) {
    Float32Array array = make(length, type, instance);
    fill(array.elements, 0, length, value, instance);
    return array;
  }

  /// `array.get`.
  @CalledByGeneratedCode
  public static float load(@Nullable Object array, int index) {
    return ((Float32Array) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, float value) {
    ((Float32Array) nonNull(array)).elements[index] = value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, float value, int count, Instance instance) {
    Float32Array target = (Float32Array) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, value, instance);
  }

  private static void fill(float[] elements, int from, int to, float value, Instance instance) {
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
  public static Object put(float value, Object array, int at) {
    ((Float32Array) array).elements[at] = value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      float v0,
      float v1,
      float v2,
      float v3,
      float v4,
      float v5,
      float v6,
      float v7,
      Object array,
      int at) {
    float[] elements = ((Float32Array) array).elements;
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
    elements[index] = (Float) Objects.requireNonNull(value);
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
        .asFloatBuffer()
        .get(elements, at, count);
  }

  @Override
  int width() {
    return WIDTH;
  }
}
