package dev.cloister.isolate.abi;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// A value that can cross the plain ABI, as result or as text.
public sealed interface WasmValue {
  /// The value as JSON: [Integer], [String], [BigDecimal], [Double] (only for -0) or null. An i64
  /// is always a string, and so are the floats that JSON has no number for.
  @Nullable Object json();

  /// The value as one line of text.
  String text();

  /// A 32-bit integer, shown signed.
  record I32(int value) implements WasmValue {
    @Override
    public Integer json() {
      return value;
    }

    @Override
    public String text() {
      return Integer.toString(value);
    }
  }

  /// A 64-bit integer, shown signed.
  record I64(long value) implements WasmValue {
    @Override
    public String json() {
      return text();
    }

    @Override
    public String text() {
      return Long.toString(value);
    }
  }

  /// A 32-bit float.
  record F32(float value) implements WasmValue {
    @Override
    public Object json() {
      return jsonOf(value, text());
    }

    @Override
    public String text() {
      return EcmaNumber.format(value);
    }
  }

  /// A 64-bit float.
  record F64(double value) implements WasmValue {
    @Override
    public Object json() {
      return jsonOf(value, text());
    }

    @Override
    public String text() {
      return EcmaNumber.format(value);
    }
  }

  /// A null reference of any type.
  record NullRef() implements WasmValue {
    @Override
    public @Nullable Object json() {
      return null;
    }

    @Override
    public String text() {
      return "null";
    }
  }

  private static Object jsonOf(double value, String text) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value < 0 ? "-inf" : "inf";
    }
    // A decimal has no zero with a sign.
    return value == 0 && 1 / value < 0 ? (Object) value : new BigDecimal(text);
  }
}
