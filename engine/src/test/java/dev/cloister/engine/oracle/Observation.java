package dev.cloister.engine.oracle;

import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.oracle.Guest.F32;
import dev.cloister.engine.oracle.Guest.F64;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.V128;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What can be seen of a value or an outcome, as text that is the same for the interpreter and the
/// engine. All NaNs are the same, as are all references to objects; functions tell their type.
final class Observation {
  private Observation() {}

  static String results(List<? extends @Nullable Object> results) {
    return "returns " + values(results);
  }

  static String trap(TrapReason reason, long offset) {
    return "traps: " + reason.text() + " @" + offset;
  }

  static String exception(List<? extends @Nullable Object> values) {
    return "throws " + values(values);
  }

  static String values(List<? extends @Nullable Object> values) {
    return values.stream().map(Observation::value).collect(Collectors.joining(", ", "[", "]"));
  }

  static String value(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Integer i -> "i32 " + i;
      case Long l -> "i64 " + l;
      case F32 f -> f.isNan() ? "f32 nan" : "f32 " + Float.intBitsToFloat(f.bits());
      case F64 f -> f.isNan() ? "f64 nan" : "f64 " + Double.longBitsToDouble(f.bits());
      case Float f -> Float.isNaN(f) ? "f32 nan" : "f32 " + f;
      case Double d -> Double.isNaN(d) ? "f64 nan" : "f64 " + d;
      case V128 v -> String.format("v128 %016x%016x", v.high(), v.low());
      case Guest.Function function -> "func of type " + function.type.id();
      case FuncRef function -> "func of type " + function.type().id();
      default -> "object";
    };
  }
}
