package dev.cloister.sandbox.wast;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.wast.ScriptValue.LaneType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads the values of scripts and traces: objects with a `type` and a `value`, numbers as decimal
/// strings of their bits.
public final class ValueReader {
  private ValueReader() {}

  /// Reads an array of values.
  public static List<ScriptValue> values(JsonNode array) {
    List<ScriptValue> values = new ArrayList<>(array.size());
    for (JsonNode node : array) {
      values.add(value(node));
    }
    return List.copyOf(values);
  }

  /// Reads one value.
  ///
  /// @throws ScriptException if it has no form that is known
  public static ScriptValue value(JsonNode node) {
    String type = node.path("type").asText();
    String value = node.path("value").textValue();
    return switch (type) {
      case "i32" -> number(ScriptValue.Numeric.Kind.I32, type, value);
      case "i64" -> number(ScriptValue.Numeric.Kind.I64, type, value);
      case "f32" -> number(ScriptValue.Numeric.Kind.F32, type, value);
      case "f64" -> number(ScriptValue.Numeric.Kind.F64, type, value);
      case "v128" -> vector(node);
      case "either" -> new ScriptValue.Either(values(node.path("values")));
      case "refnull", "nullref", "nullfuncref", "nullexternref", "nullexnref", "nullcontref" ->
          new ScriptValue.NullReference(type);
      default -> {
        if (!type.endsWith("ref")) {
          throw new ScriptException("unknown value type '" + type + "'");
        }
        yield reference(type, value);
      }
    };
  }

  private static ScriptValue reference(String type, @Nullable String value) {
    if (value == null) {
      return new ScriptValue.SomeReference(type);
    }
    if (value.equals("null")) {
      return new ScriptValue.NullReference(type);
    }
    return new ScriptValue.HostValue(type, new HostReference(bits(type, value)));
  }

  private static ScriptValue number(
      ScriptValue.Numeric.Kind kind, String type, @Nullable String value) {
    if (value == null) {
      throw new ScriptException(type + " without a value");
    }
    boolean isFloat = kind == ScriptValue.Numeric.Kind.F32 || kind == ScriptValue.Numeric.Kind.F64;
    if (isFloat && value.startsWith("nan:")) {
      return new ScriptValue.Nan(
          kind == ScriptValue.Numeric.Kind.F64,
          switch (value) {
            case "nan:canonical" -> true;
            case "nan:arithmetic" -> false;
            default -> throw new ScriptException("unknown NaN pattern '" + value + "'");
          });
    }
    return new ScriptValue.Numeric(kind, bits(type, value));
  }

  private static ScriptValue vector(JsonNode node) {
    String lane = node.path("lane_type").asText();
    LaneType laneType;
    try {
      laneType = LaneType.valueOf(lane.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException _) {
      throw new ScriptException("unknown lane type '" + lane + "'");
    }
    List<ScriptValue> lanes = new ArrayList<>(laneType.laneCount());
    for (JsonNode element : node.path("value")) {
      lanes.add(number(laneType.kind(), lane, element.textValue()));
    }
    return new ScriptValue.Vector(laneType, lanes);
  }

  private static long bits(String type, String decimal) {
    try {
      return Long.parseUnsignedLong(decimal);
    } catch (NumberFormatException _) {
      throw new ScriptException("no number for " + type + ": '" + decimal + "'");
    }
  }
}
