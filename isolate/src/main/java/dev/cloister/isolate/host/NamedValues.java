package dev.cloister.isolate.host;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Texts by name, which guests read: configuration or secrets. Any thread.
@FunctionalInterface
public interface NamedValues {
  /// No values.
  NamedValues NONE = _ -> null;

  /// The value called `name`, or null. Never blocks.
  @Nullable String get(String name);

  /// The values of `map`, a copy of which is kept.
  static NamedValues of(Map<String, String> map) {
    return Map.copyOf(map)::get;
  }
}
