package dev.cloister.sandbox.wast;

import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.GcObject;
import dev.cloister.engine.runtime.I31;
import dev.cloister.engine.runtime.ThrownException;
import dev.cloister.engine.runtime.V128;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a value that came out of a module is, and how reports show it.
public final class ActualValue {
  private ActualValue() {}

  /// A list of results in words; `nothing` for none.
  static String describe(List<? extends @Nullable Object> values) {
    return values.isEmpty()
        ? "nothing"
        : values.stream().map(ActualValue::describe).collect(Collectors.joining(", "));
  }

  /// One value in words: type, value, and the bits where they say more.
  public static String describe(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Integer number -> "i32 " + number;
      case Long number -> "i64 " + number;
      case Float number -> "f32 %s (0x%08x)".formatted(number, Float.floatToRawIntBits(number));
      case Double number ->
          "f64 %s (0x%016x)".formatted(number, Double.doubleToRawLongBits(number));
      case V128 vector -> "v128 0x%016x_%016x".formatted(vector.high(), vector.low());
      case FuncRef function -> "funcref " + function.type();
      case GcObject object -> object.type().toString();
      case I31 number -> number.toString();
      case ThrownException exception -> "exnref of " + exception.tag().type();
      case HostReference reference -> reference.toString();
      default -> value.getClass().getSimpleName();
    };
  }

  static boolean isNumberOrVector(Object value) {
    return value instanceof Number || value instanceof V128;
  }
}
