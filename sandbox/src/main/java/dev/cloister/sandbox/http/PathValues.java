package dev.cloister.sandbox.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What stands in a request's path for the parts that its route names.
///
/// @param names the names, as [RoutePath#parameters] has them
/// @param values a value for each
record PathValues(List<String> names, List<String> values) {
  static final PathValues NONE = new PathValues(List.of(), List.of());

  /// Returns the value of a part, or null if the route has none of this name.
  @Nullable String get(String name) {
    // There are three at most.
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equals(name)) {
        return values.get(i);
      }
    }
    return null;
  }
}
