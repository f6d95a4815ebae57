package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// An array of references.
@CalledByGeneratedCode
public final class RefArray extends WasmArray {
  private static final int WIDTH = GcHeap.REFERENCE_BYTES;

  private final @Nullable Object[] elements;

  private RefArray(DefinedType type, GcToken token, @Nullable Object[] elements) {
    super(type, token, elements.length);
    this.elements = elements;
  }

  static RefArray make(int length, DefinedType type, Instance instance) {
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new RefArray(type, token, new Object[length]);
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
  public static Object create(
      @Nullable Object value, int length, DefinedType type, Instance instance) {
    RefArray array = make(length, type, instance);
    fill(array.elements, 0, length, value, instance);
    return array;
  }

  /// `array.get`.
  @CalledByGeneratedCode
  public static @Nullable Object load(@Nullable Object array, int index) {
    return ((RefArray) nonNull(array)).elements[index];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, @Nullable Object value) {
    ((RefArray) nonNull(array)).elements[index] = value;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, @Nullable Object value, int count, Instance instance) {
    RefArray target = (RefArray) nonNull(array);
    target.checkRange(from, count);
    fill(target.elements, from, from + count, value, instance);
  }

  private static void fill(
      @Nullable Object[] elements, int from, int to, @Nullable Object value, Instance instance) {
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
  public static Object put(@Nullable Object value, Object array, int at) {
    ((RefArray) array).elements[at] = value;
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      @Nullable Object v0,
      @Nullable Object v1,
      @Nullable Object v2,
      @Nullable Object v3,
      @Nullable Object v4,
      @Nullable Object v5,
      @Nullable Object v6,
      @Nullable Object v7,
      Object array,
      int at) {
    @Nullable Object[] elements = ((RefArray) array).elements;
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
  public @Nullable Object get(int index) {
    return elements[index];
  }

  @Override
  void set(int index, @Nullable Object value) {
    elements[index] = value;
  }

  @Override
  Object elements() {
    return elements;
  }

  @Override
  void load(WireBytes bytes, int from, int at, int count) {
    throw new IllegalStateException("references are not loaded from bytes");
  }

  @Override
  int width() {
    return WIDTH;
  }
}
