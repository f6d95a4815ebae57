package dev.cloister.engine.runtime;

import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.StructType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A structure: an object with fields.
///
/// Subclasses are generated, one for each *shape*: the super shape and the kinds of storage of the
/// fields that it adds. A field is a Java field, or if there are very many of them an element of
/// one of two arrays, so field access is one or two loads.
@CalledByGeneratedCode
public abstract non-sealed class WasmStruct extends GcObject {
  /// Called by the generated subclasses.
  @CalledByGeneratedCode
  protected WasmStruct(DefinedType type, GcToken token) {
    super(type, token);
  }

  /// {@return the number of fields}
  public final int fieldCount() {
    return ((StructType) type.composite()).fields().size();
  }

  /// {@return the values of all fields, boxed as in [FuncRef#call]; packed ones as signed
  /// `Integer`}
  public final @Nullable Object[] fields() {
    @Nullable Object[] values = new Object[fieldCount()];
    read(values);
    return values;
  }

  /// Replaces a field, for debuggers; slow.
  ///
  /// @param value of the field's type; of packed ones the lowest bits count
  /// @throws IndexOutOfBoundsException if there is no such field
  /// @throws IllegalStateException if the field is immutable
  /// @throws IllegalArgumentException if the value is not of the field's type
  public final void setField(int index, @Nullable Object value) {
    List<FieldType> types = ((StructType) type.composite()).fields();
    FieldType type = types.get(index);
    if (!type.mutable()) {
      throw new IllegalStateException("field is immutable");
    }
    Values.requireType(value, type.storage().unpacked());
    @Nullable Object[] values = fields();
    values[index] = value;
    write(values);
  }

  /// Copies all fields to an array, boxed. Generated.
  @CalledByGeneratedCode
  protected abstract void read(@Nullable Object[] values);

  /// Sets all fields, of an object that was just made, to boxed values of their types. Generated.
  @CalledByGeneratedCode
  protected abstract void write(@Nullable Object[] values);

  /// Boxes the fields that are in arrays.
  ///
  /// @param from the first of them
  /// @param kinds a letter for the storage of each
  @CalledByGeneratedCode
  protected static void readArrays(
      @Nullable Object[] values,
      int from,
      String kinds,
      long[] numbers,
      @Nullable Object[] references) {
    int number = 0;
    int reference = 0;
    for (int i = 0; i < kinds.length(); i++) {
      values[from + i] =
          switch (kinds.charAt(i)) {
            case 'B' -> (Object) (int) (byte) numbers[number++];
            case 'S' -> (int) (short) numbers[number++];
            case 'I' -> (int) numbers[number++];
            case 'J' -> numbers[number++];
            case 'F' -> Float.intBitsToFloat((int) numbers[number++]);
            case 'D' -> Double.longBitsToDouble(numbers[number++]);
            case 'V' -> new V128(numbers[number++], numbers[number++]);
            default -> references[reference++];
          };
    }
  }

  /// Unboxes the fields that are in arrays.
  @CalledByGeneratedCode
  protected static void writeArrays(
      @Nullable Object[] values,
      int from,
      String kinds,
      long[] numbers,
      @Nullable Object[] references) {
    int number = 0;
    int reference = 0;
    for (int i = 0; i < kinds.length(); i++) {
      Object value = values[from + i];
      if (kinds.charAt(i) == 'L') {
        references[reference++] = value;
      } else if (value instanceof V128(long low, long high)) {
        numbers[number++] = low;
        numbers[number++] = high;
      } else {
        numbers[number++] =
            switch (value) {
              case Integer n -> n;
              case Long n -> n;
              case Float n -> Float.floatToRawIntBits(n);
              case Double n -> Double.doubleToRawLongBits(n);
              case null, default -> throw new IllegalArgumentException("not a number: " + value);
            };
      }
    }
  }
}
