package dev.cloister.sandbox.cli;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Arguments of an export as they are typed, made into what the interface takes as JSON.
final class CallArguments {
  private CallArguments() {}

  /// Returns a JSON value for each text: 64-bit integers, `nan`, `inf` and `-inf` are texts, `null`
  /// is null, everything else a number.
  ///
  /// @param types the types of the parameters; there may be fewer or more than texts
  static List<@Nullable Object> of(List<String> types, List<String> texts) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      values.add(value(i < types.size() ? types.get(i) : "", texts.get(i)));
    }
    return values;
  }

  private static @Nullable Object value(String type, String text) {
    if (text.equals("null")) {
      return null;
    }
    if (type.equals("i64") || text.equals("nan") || text.equals("inf") || text.equals("-inf")) {
      return text;
    }
    try {
      return text.contains("0x") ? (Object) Long.decode(text) : new BigDecimal(text);
    } catch (NumberFormatException _) {
      throw CommandFailure.usage("not an argument: " + text);
    }
  }
}
