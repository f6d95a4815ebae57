package dev.cloister.engine.runtime;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a function leaves all results but the first, which is returned on the Java stack.
///
/// One object a store; the caller reads the slots before it does anything else. Numbers are held as
/// 64 bits (an i32 sign-extended, floats as their raw bits), references in slots of their own.
/// Results have slots in order, from 1; a vector has two, the low half first. Slot 0 is for the
/// high half of result 0. Slots beyond the fields are in the arrays. Functions that are several
/// methods carry their locals from one to the next the same way.
///
/// `throw` and exception handlers find the values of exceptions here, from slot 1.
///
/// A tail call leaves its arguments here, from slot 1, and returns to the function that was called
/// ordinarily. That one calls [#pending] in a loop, whose code reads the arguments before it does
/// anything else, until no tail call is pending.
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

  /// The function that a tail call goes to, between the return of the body that made the tail call
  /// and the call by the loop; else null.
  @CalledByGeneratedCode public @Nullable FuncRef pending;

  /// The instance that makes the pending tail call.
  @CalledByGeneratedCode public @Nullable Instance pendingCaller;

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

  /// Takes values out of the slots from 1, boxed; references are dropped from theirs.
  @Nullable Object[] take(List<ValueType> types) {
    @Nullable Object[] values = new Object[types.size()];
    int index = 1;
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (types.get(i)) {
            case NumType number ->
                switch (number) {
                  case I32 -> (Object) (int) any(index);
                  case I64 -> any(index);
                  case F32 -> Float.intBitsToFloat((int) any(index));
                  case F64 -> Double.longBitsToDouble(any(index));
                };
            case VecType _ -> new V128(any(index), any(++index));
            case RefType _ -> reference(this, index);
          };
      index++;
    }
    return values;
  }

  private long any(int index) {
    return switch (index) {
      case 1 -> n1;
      case 2 -> n2;
      case 3 -> n3;
      case 4 -> n4;
      case 5 -> n5;
      case 6 -> n6;
      case 7 -> n7;
      default -> number(this, index);
    };
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
