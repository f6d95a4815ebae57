package dev.cloister.isolate.abi;

import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/// Arguments as text: of a command line, or strings in JSON.
final class TextArgument {
  /// The most characters of a wrong argument that an error shows.
  private static final int MAX_SHOWN = 64;

  private TextArgument() {}

  /// The value of `text` as argument `index` of type `type`.
  static @Nullable Object value(ValueType type, String text, int index) {
    return switch (type) {
      case NumType number -> number(number, text, index);
      case RefType _ -> {
        if (!text.equals("null")) {
          throw new UnsupportedTypeException(
              "argument " + index + " is a reference that is not null");
        }
        yield null;
      }
      case VecType _ -> throw new UnsupportedTypeException("parameter " + index + " is a v128");
    };
  }

  static Object number(NumType type, String text, int index) {
    return switch (type) {
      case I32 -> integer(IntegerRange.I32, text, index).intValue();
      case I64 -> integer(IntegerRange.I64, text, index).longValue();
      case F32 -> {
        Float value = NumberText.f32(text);
        if (value == null || (value.isInfinite() && !NumberText.isInfinity(text))) {
          throw new ArgumentException(index, FloatRange.F32, shown(text));
        }
        yield value;
      }
      case F64 -> {
        Double value = NumberText.f64(text);
        if (value == null || (value.isInfinite() && !NumberText.isInfinity(text))) {
          throw new ArgumentException(index, FloatRange.F64, shown(text));
        }
        yield value;
      }
    };
  }

  /// `text` as an error shows it.
  static String shown(String text) {
    String cut = text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
    return "\"" + cut + "\"";
  }

  private static BigInteger integer(IntegerRange range, String text, int index) {
    BigInteger value = NumberText.integer(text);
    if (value == null || !range.contains(value)) {
      throw new ArgumentException(index, range.description(), shown(text));
    }
    return value;
  }
}
