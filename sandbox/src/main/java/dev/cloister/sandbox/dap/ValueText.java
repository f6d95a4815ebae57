package dev.cloister.sandbox.dap;

import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.isolate.abi.EcmaNumber;
import java.math.BigInteger;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Values of guests as text, both ways.
final class ValueText {
  private ValueText() {}

  /// Returns a value as people read it.
  static String of(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Float number -> EcmaNumber.format(number);
      case Double number -> EcmaNumber.format(number);
      case Number number -> number.toString();
      case V128 vector -> "0x%016x%016x".formatted(vector.high(), vector.low());
      case WasmStruct structure -> "struct of " + structure.fields().length + " fields";
      case WasmArray array -> "array of " + array.length();
      case FuncRef _ -> "function reference";
      default -> "reference";
    };
  }

  /// Returns the value of a type that a text spells: decimal, or hexadecimal after `0x`; floats
  /// also `nan`, `inf`, `-inf`.
  ///
  /// @throws RequestFailure if it spells none
  static Object parse(String text, ValueType type) {
    if (!(type instanceof NumType number)) {
      throw new RequestFailure("values of type " + type + " cannot be set");
    }
    try {
      return switch (number) {
        case I32 -> integer(text, 32).intValue();
        case I64 -> integer(text, 64).longValue();
        case F32 -> Float.parseFloat(javaSpelling(text));
        case F64 -> Double.parseDouble(javaSpelling(text));
      };
    } catch (NumberFormatException _) {
      throw new RequestFailure("not a value of type " + type + ": " + text);
    }
  }

  /// Returns the type of the number that a value is.
  ///
  /// @throws RequestFailure if it is none
  static NumType typeOf(@Nullable Object value) {
    return switch (value) {
      case Integer _ -> NumType.I32;
      case Long _ -> NumType.I64;
      case Float _ -> NumType.F32;
      case Double _ -> NumType.F64;
      case null, default -> throw new RequestFailure("only numbers can be set here");
    };
  }

  /// Signed and unsigned spellings are one: both stand for the same bits.
  private static BigInteger integer(String text, int bits) {
    String digits = text.strip().toLowerCase(Locale.ROOT);
    boolean isNegative = digits.startsWith("-");
    String magnitude = isNegative ? digits.substring(1) : digits;
    BigInteger value =
        magnitude.startsWith("0x")
            ? new BigInteger(magnitude.substring(2), 16)
            : new BigInteger(magnitude);
    BigInteger signed = isNegative ? value.negate() : value;
    BigInteger limit = BigInteger.ONE.shiftLeft(bits);
    boolean isInRange =
        signed.compareTo(limit) < 0
            && signed.compareTo(BigInteger.ONE.shiftLeft(bits - 1).negate()) >= 0;
    if (!isInRange) {
      throw new NumberFormatException("out of range");
    }
    return signed;
  }

  private static String javaSpelling(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "nan" -> "NaN";
      case "inf" -> "Infinity";
      case "-inf" -> "-Infinity";
      default -> text;
    };
  }
}
