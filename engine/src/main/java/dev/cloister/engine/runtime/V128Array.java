package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.types.DefinedType;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An array of `v128`: two longs for each element, the low half first.
@CalledByGeneratedCode
public final class V128Array extends WasmArray {
  private static final int WIDTH = 16;

  private final long[] elements;

  private V128Array(DefinedType type, GcToken token, long[] elements) {
    super(type, token, elements.length / 2);
    this.elements = elements;
  }

  static V128Array make(int length, DefinedType type, Instance instance) {
    if (length > MAX_LENGTH / 2) {
      throw new TrapException(TrapReason.ALLOCATION_TOO_LARGE);
    }
    GcToken token = pay(length, WIDTH, instance);
    try {
      return new V128Array(type, token, new long[2 * length]);
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
      long low, long high, int length, DefinedType type, Instance instance) {
    V128Array array = make(length, type, instance);
    array.fill(0, length, low, high, instance);
    return array;
  }

  /// The low half of `array.get`.
  @CalledByGeneratedCode
  public static long loadLow(@Nullable Object array, int index) {
    V128Array source = (V128Array) nonNull(array);
    return source.elements[source.position(index)];
  }

  /// The high half of `array.get`.
  @CalledByGeneratedCode
  public static long loadHigh(@Nullable Object array, int index) {
    V128Array source = (V128Array) nonNull(array);
    return source.elements[source.position(index) + 1];
  }

  /// `array.set`.
  @CalledByGeneratedCode
  public static void store(@Nullable Object array, int index, long low, long high) {
    V128Array target = (V128Array) nonNull(array);
    target.put(target.position(index), low, high);
  }

  /// {@return where an element begins}
  ///
  /// @throws TrapException if there is no such element
  private int position(int index) {
    checkRange(index, 1);
    return 2 * index;
  }

  private void put(int position, long low, long high) {
    elements[position] = low;
    elements[position + 1] = high;
  }

  /// `array.fill`.
  @CalledByGeneratedCode
  public static void fill(
      @Nullable Object array, int from, long low, long high, int count, Instance instance) {
    V128Array target = (V128Array) nonNull(array);
    target.checkRange(from, count);
    target.fill(from, count, low, high, instance);
  }

  private void fill(int from, int count, long low, long high, Instance instance) {
    for (int done = 0; done < count; done += SLICE) {
      if (done > 0) {
        instance.store.throwIfStopped();
      }
      int end = from + Math.min(count, done + SLICE);
      for (int i = from + done; i < end; i++) {
        put(2 * i, low, high);
      }
    }
  }

  /// Sets an element of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(long low, long high, Object array, int at) {
    ((V128Array) array).put(2 * at, low, high);
    return array;
  }

  /// Sets eight elements of a new array: part of `array.new_fixed`.
  ///
  /// @return the array
  @CalledByGeneratedCode
  public static Object put(
      long low0,
      long high0,
      long low1,
      long high1,
      long low2,
      long high2,
      long low3,
      long high3,
      long low4,
      long high4,
      long low5,
      long high5,
      long low6,
      long high6,
      long low7,
      long high7,
      Object array,
      int at) {
    V128Array target = (V128Array) array;
    target.put(2 * at, low0, high0);
    target.put(2 * (at + 1), low1, high1);
    target.put(2 * (at + 2), low2, high2);
    target.put(2 * (at + 3), low3, high3);
    target.put(2 * (at + 4), low4, high4);
    target.put(2 * (at + 5), low5, high5);
    target.put(2 * (at + 6), low6, high6);
    target.put(2 * (at + 7), low7, high7);
    return array;
  }

  @Override
  public Object get(int index) {
    int position = position(index);
    return new V128(elements[position], elements[position + 1]);
  }

  @Override
  void set(int index, @Nullable Object value) {
    V128 vector = (V128) Objects.requireNonNull(value);
    put(position(index), vector.low(), vector.high());
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
        .get(elements, 2 * at, 2 * count);
  }

  @Override
  int stride() {
    return 2;
  }

  @Override
  int width() {
    return WIDTH;
  }
}
