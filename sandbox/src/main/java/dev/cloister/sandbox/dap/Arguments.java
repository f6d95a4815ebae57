package dev.cloister.sandbox.dap;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The arguments of one request. What is missing or of another type is refused by name.
///
/// @param json the object, or a missing node
record Arguments(JsonNode json) {

  /// Returns a whole number in `[minimum, maximum]`.
  int number(String name, int minimum, int maximum) {
    JsonNode value = json.path(name);
    if (!value.canConvertToExactIntegral() || !value.canConvertToInt()) {
      throw wrong(name, value, "a whole number");
    }
    int number = value.intValue();
    if (number < minimum || number > maximum) {
      throw wrong(name, value, "from " + minimum + " to " + maximum);
    }
    return number;
  }

  /// Returns a whole number in `[minimum, maximum]`, or `absent` if there is none.
  int number(String name, int minimum, int maximum, int absent) {
    return has(name) ? number(name, minimum, maximum) : absent;
  }

  /// Returns a text.
  String text(String name) {
    JsonNode value = json.path(name);
    if (!value.isTextual()) {
      throw wrong(name, value, "a text");
    }
    return value.textValue();
  }

  /// Returns a text, or null if there is none.
  @Nullable String textOrNull(String name) {
    return has(name) ? text(name) : null;
  }

  /// Returns true or false, false if there is neither.
  boolean flag(String name) {
    JsonNode value = json.path(name);
    if (has(name) && !value.isBoolean()) {
      throw wrong(name, value, "true or false");
    }
    return value.booleanValue();
  }

  /// Returns an object, whose fields may be asked for even if it is missing.
  Arguments object(String name) {
    return new Arguments(json.path(name));
  }

  /// Returns the objects of a list, none if it is missing.
  List<Arguments> list(String name) {
    JsonNode value = json.path(name);
    if (has(name) && !value.isArray()) {
      throw wrong(name, value, "a list");
    }
    List<Arguments> items = new ArrayList<>();
    value.forEach(item -> items.add(new Arguments(item)));
    return items;
  }

  private boolean has(String name) {
    return !json.path(name).isMissingNode() && !json.path(name).isNull();
  }

  private static RequestFailure wrong(String name, JsonNode actual, String allowed) {
    String shown = actual.isMissingNode() ? "missing" : actual.toString();
    String cut = shown.length() > 64 ? shown.substring(0, 64) + "…" : shown;
    return new RequestFailure("\"" + name + "\" must be " + allowed + ", it is " + cut);
  }
}
