package dev.cloister.engine.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.engine.oracle.Guest.F32;
import dev.cloister.engine.oracle.Guest.F64;
import dev.cloister.engine.runtime.V128;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The values of the test suite's scripts, as arguments for the interpreter and as patterns for its
/// results.
final class ScriptValues {
  /// A reference of the host that scripts name by a number.
  record HostReference(String number) {}

  private static final int F32_QUIET = 0x7fc0_0000;
  private static final long F64_QUIET = 0x7ff8_0000_0000_0000L;

  private ScriptValues() {}

  static List<@Nullable Object> read(JsonNode args) {
    List<@Nullable Object> values = new ArrayList<>();
    args.forEach(arg -> values.add(value(arg)));
    return values;
  }

  private static @Nullable Object value(JsonNode node) {
    String type = node.get("type").asText();
    if (type.equals("v128")) {
      V128 vector = new V128(0, 0);
      int bits = laneBits(node);
      for (int i = 0; i < 128 / bits; i++) {
        long lane = new BigInteger(node.get("value").get(i).asText()).longValue();
        vector = Vectors.withLane(vector, i, bits, lane);
      }
      return vector;
    }
    String text = node.has("value") ? node.get("value").asText() : "";
    return switch (type) {
      case "i32" -> new BigInteger(text).intValue();
      case "i64" -> new BigInteger(text).longValue();
      case "f32" -> new F32(new BigInteger(text).intValue());
      case "f64" -> new F64(new BigInteger(text).longValue());
      case "externref" -> text.equals("null") ? null : new HostReference(text);
      case "anyref" -> text.equals("null") ? null : new Guest.Internalized(new HostReference(text));
      default -> {
        if (text.equals("null") || type.equals("refnull")) {
          yield null;
        }
        throw new IllegalArgumentException("no value: " + node);
      }
    };
  }

  private static int laneBits(JsonNode vector) {
    return Integer.parseInt(vector.get("lane_type").asText().substring(1));
  }

  static boolean match(List<@Nullable Object> actual, JsonNode expected) {
    boolean same = actual.size() == expected.size();
    for (int i = 0; same && i < actual.size(); i++) {
      same = matches(actual.get(i), expected.get(i));
    }
    return same;
  }

  private static boolean matches(@Nullable Object actual, JsonNode expected) {
    String type = expected.get("type").asText();
    if (type.equals("either")) {
      for (JsonNode choice : expected.get("values")) {
        if (matches(actual, choice)) {
          return true;
        }
      }
      return false;
    }
    if (actual instanceof V128 vector) {
      return matchesVector(vector, expected);
    }
    String text = expected.has("value") ? expected.get("value").asText() : "";
    if (text.startsWith("nan:")) {
      return switch (actual) {
        case F32 f -> isNan(f.bits(), 32, text);
        case F64 f -> isNan(f.bits(), 64, text);
        case null, default -> false;
      };
    }
    if (expected.has("value") || type.equals("refnull")) {
      Object wanted = value(expected);
      return actual == null ? wanted == null : actual.equals(wanted);
    }
    return isA(actual, type);
  }

  private static boolean matchesVector(V128 actual, JsonNode expected) {
    int bits = laneBits(expected);
    for (int i = 0; i < 128 / bits; i++) {
      String text = expected.get("value").get(i).asText();
      long lane = Vectors.lane(actual, i, bits);
      long wanted = text.startsWith("nan:") ? 0 : new BigInteger(text).longValue();
      long mask = bits == 64 ? -1 : (1L << bits) - 1;
      if (text.startsWith("nan:") ? !isNan(lane, bits, text) : lane != (wanted & mask)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNan(long bits, int width, String pattern) {
    long quiet = width == 32 ? F32_QUIET : F64_QUIET;
    long unsigned = bits & (width == 32 ? Integer.MAX_VALUE : Long.MAX_VALUE);
    return pattern.equals("nan:canonical") ? unsigned == quiet : (unsigned & quiet) == quiet;
  }

  private static boolean isA(@Nullable Object actual, String type) {
    return switch (type) {
      case "funcref" -> actual instanceof Guest.Function;
      case "structref" -> actual instanceof Guest.Struct;
      case "arrayref" -> actual instanceof Guest.Array;
      case "i31ref" -> actual instanceof Guest.I31;
      case "exnref" -> actual instanceof Guest.Thrown;
      case "eqref" ->
          actual instanceof Guest.Struct
              || actual instanceof Guest.Array
              || actual instanceof Guest.I31;
      case "anyref", "externref" -> actual != null;
      default -> throw new IllegalArgumentException("no pattern: " + type);
    };
  }
}
