package dev.cloister.isolate.abi;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Arguments as a JSON parser gives them: [String], [Number], [Boolean], null, [List] or [Map].
final class JsonArgument {
  /// The largest integer that every JSON parser keeps exact, 2^53-1.
  private static final BigInteger MAX_SAFE_INTEGER =
      BigInteger.TWO.pow(53).subtract(BigInteger.ONE);

  /// The largest scale by which a decimal is taken apart; beyond it, it is no number anyone wrote.
  private static final int MAX_SCALE = 1_000;

  private JsonArgument() {}

  /// The value of `json` as argument `index` of type `type`.
  static @Nullable Object value(ValueType type, @Nullable Object json, int index) {
    return switch (type) {
      case NumType number -> number(number, json, index);
      case RefType _ -> {
        if (json != null) {
          throw new UnsupportedTypeException(
              "argument " + index + " is a reference that is not null");
        }
        yield null;
      }
      case VecType _ -> throw new UnsupportedTypeException("parameter " + index + " is a v128");
    };
  }

  private static Object number(NumType type, @Nullable Object json, int index) {
    return switch (type) {
      case I32 -> i32(json, index);
      case I64 -> i64(json, index);
      case F32 -> f32(json, index);
      case F64 -> f64(json, index);
    };
  }

  private static Integer i32(@Nullable Object json, int index) {
    BigInteger value = json instanceof Number number ? integer(number) : null;
    if (value == null || !IntegerRange.I32.contains(value)) {
      throw new ArgumentException(index, IntegerRange.I32.description(), shown(json));
    }
    return value.intValue();
  }

  private static Long i64(@Nullable Object json, int index) {
    if (json instanceof String text) {
      return (Long) TextArgument.number(NumType.I64, text, index);
    }
    BigInteger value = json instanceof Number number ? integer(number) : null;
    if (value == null) {
      throw new ArgumentException(index, IntegerRange.I64.description(), shown(json));
    }
    if (value.abs().compareTo(MAX_SAFE_INTEGER) > 0) {
      throw new ArgumentException(
          index, "i64: a string, or a number from -(2^53-1) to 2^53-1", shown(json));
    }
    return value.longValue();
  }

  private static Float f32(@Nullable Object json, int index) {
    float value =
        switch (json) {
          case Number number -> number.floatValue();
          case String text when isSpecial(text) ->
              (Float) TextArgument.number(NumType.F32, text, index);
          case null, default -> throw new ArgumentException(index, FloatRange.F32, shown(json));
        };
    if (Float.isInfinite(value) && json instanceof Number) {
      throw new ArgumentException(index, FloatRange.F32, shown(json));
    }
    return value;
  }

  private static Double f64(@Nullable Object json, int index) {
    double value =
        switch (json) {
          case Number number -> number.doubleValue();
          case String text when isSpecial(text) ->
              (Double) TextArgument.number(NumType.F64, text, index);
          case null, default -> throw new ArgumentException(index, FloatRange.F64, shown(json));
        };
    if (Double.isInfinite(value) && json instanceof Number) {
      throw new ArgumentException(index, FloatRange.F64, shown(json));
    }
    return value;
  }

  private static boolean isSpecial(String text) {
    return text.equals("nan") || text.equals("inf") || text.equals("-inf");
  }

  /// The integer that `number` is, or null if it has a fraction.
  private static @Nullable BigInteger integer(Number number) {
    return switch (number) {
      case BigInteger integer -> integer;
      case BigDecimal decimal -> integer(decimal);
      case Double f64 -> Double.isFinite(f64) ? integer(new BigDecimal(f64)) : null;
      case Float f32 -> Float.isFinite(f32) ? integer(new BigDecimal(f32)) : null;
      default -> BigInteger.valueOf(number.longValue());
    };
  }

  private static @Nullable BigInteger integer(BigDecimal decimal) {
    if (Math.abs((long) decimal.scale()) > MAX_SCALE) {
      return null;
    }
    return decimal.stripTrailingZeros().scale() <= 0 ? decimal.toBigInteger() : null;
  }

  private static String shown(@Nullable Object json) {
    return switch (json) {
      case null -> "null";
      case String text -> "the string " + TextArgument.shown(text);
      case List<?> _ -> "an array";
      case Map<?, ?> _ -> "an object";
      case BigDecimal decimal -> TextArgument.shown(decimal.toString()).replace("\"", "");
      case BigInteger integer -> TextArgument.shown(integer.toString()).replace("\"", "");
      default -> json.toString();
    };
  }
}
