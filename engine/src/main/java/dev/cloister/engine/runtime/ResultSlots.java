package dev.cloister.engine.runtime;

import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Where a function leaves all results but the first, which is returned on the Java stack.
///
/// One object a store; the caller reads the slots before it does anything else. Numbers are held as
/// 64 bits (an i32 sign-extended, floats as their raw bits), references in slots of their own.
/// Results have slots in order, from 1; a vector has two, the low half first. Slot 0 is for the
/// high half of result 0. Slots beyond the fields are in the arrays. Functions that are several
/// methods carry their locals from one to the next the same way.
@CalledByGeneratedCode
public final class ResultSlots {
  /// The number of slots that have a field.
  @CalledByGeneratedCode public static final int FIELDS = 8;

  private static final int MIN_LENGTH = 64;

  /// Number in slot 0: the high half of result 0.
  @CalledByGeneratedCode public long n0;

  /// Number in slot 1.
  @CalledByGeneratedCode public long n1;

  /// Number in slot 2.
  @CalledByGeneratedCode public long n2;

  /// Number in slot 3.
  @CalledByGeneratedCode public long n3;

  /// Number in slot 4.
  @CalledByGeneratedCode public long n4;

  /// Number in slot 5.
  @CalledByGeneratedCode public long n5;

  /// Number in slot 6.
  @CalledByGeneratedCode public long n6;

  /// Number in slot 7.
  @CalledByGeneratedCode public long n7;

  private long @Nullable [] numbers;
  private @Nullable Object @Nullable [] references;

  /// Stores number `value` in slot `index`, which is at least [#FIELDS].
  @CalledByGeneratedCode
  public static void setNumber(long value, ResultSlots slots, int index) {
    long[] numbers = slots.numbers;
    if (numbers == null || index >= numbers.length) {
      numbers = slots.growNumbers(index);
    }
    numbers[index] = value;
  }

  /// {@return the number in slot `index`, which is at least [#FIELDS]}
  @CalledByGeneratedCode
  public static long number(ResultSlots slots, int index) {
    long[] numbers = slots.numbers;
    if (numbers == null) {
      throw new IllegalStateException("no result was stored");
    }
    return numbers[index];
  }

  /// Stores the reference of slot `index`.
  @CalledByGeneratedCode
  public static void setReference(@Nullable Object value, ResultSlots slots, int index) {
    @Nullable Object[] references = slots.references;
    if (references == null || index >= references.length) {
      references = slots.growReferences(index);
    }
    references[index] = value;
  }

  /// {@return the reference of slot `index`, which is dropped from it}
  @CalledByGeneratedCode
  public static @Nullable Object reference(ResultSlots slots, int index) {
    @Nullable Object[] references = slots.references;
    if (references == null) {
      throw new IllegalStateException("no result was stored");
    }
    Object value = references[index];
    references[index] = null;
    return value;
  }

  private long[] growNumbers(int index) {
    int length = Math.max(MIN_LENGTH, Integer.highestOneBit(index) << 1);
    long[] grown = numbers == null ? new long[length] : Arrays.copyOf(numbers, length);
    numbers = grown;
    return grown;
  }

  private @Nullable Object[] growReferences(int index) {
    int length = Math.max(MIN_LENGTH, Integer.highestOneBit(index) << 1);
    @Nullable Object[] grown =
        references == null ? new @Nullable Object[length] : Arrays.copyOf(references, length);
    references = grown;
    return grown;
  }

  /// Stores a result behind the first from its boxed form, which was checked against its type.
  ///
  /// @return the slot behind it
  int setBoxed(int index, @Nullable Object value, ValueType type) {
    if (type instanceof RefType) {
      setReference(value, this, index);
      return index + 1;
    }
    switch (value) {
      case Integer i -> setAny(index, i);
      case Long l -> setAny(index, l);
      case Float f -> setAny(index, Float.floatToRawIntBits(f));
      case Double d -> setAny(index, Double.doubleToRawLongBits(d));
      case V128(long low, long high) -> {
        setAny(index, low);
        setAny(index + 1, high);
        return index + 2;
      }
      case null, default -> throw new IllegalStateException("not a number or vector: " + value);
    }
    return index + 1;
  }

  private void setAny(int index, long value) {
    switch (index) {
      case 1 -> n1 = value;
      case 2 -> n2 = value;
      case 3 -> n3 = value;
      case 4 -> n4 = value;
      case 5 -> n5 = value;
      case 6 -> n6 = value;
      case 7 -> n7 = value;
      default -> setNumber(value, this, index);
    }
  }
}
