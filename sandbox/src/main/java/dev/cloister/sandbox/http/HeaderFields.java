package dev.cloister.sandbox.http;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The header fields of an answer, in order, none twice. Immutable.
final class HeaderFields {
  private static final int PAIR = 2;

  /// Name, value, name, value and so on.
  private final String[] pairs;

  private HeaderFields(String[] pairs) {
    this.pairs = pairs;
  }

  /// Returns fields of different names.
  ///
  /// @param pairs name, value, name, value and so on
  static HeaderFields of(String... pairs) {
    return new HeaderFields(pairs.clone());
  }

  /// Returns the fields of `map`.
  static HeaderFields of(Map<String, String> map) {
    String[] pairs = new String[PAIR * map.size()];
    int end = 0;
    for (Map.Entry<String, String> field : map.entrySet()) {
      pairs[end++] = field.getKey();
      pairs[end++] = field.getValue();
    }
    return new HeaderFields(pairs);
  }

  /// Returns these fields and more, or other values of fields there are.
  ///
  /// @param more name, value, name, value and so on
  HeaderFields with(String... more) {
    String[] all = Arrays.copyOf(pairs, pairs.length + more.length);
    int end = pairs.length;
    for (int i = 0; i < more.length; i += PAIR) {
      int at = indexOf(all, end, more[i]);
      if (at < 0) {
        at = end;
        end += PAIR;
      }
      all[at] = more[i];
      all[at + 1] = more[i + 1];
    }
    return new HeaderFields(end == all.length ? all : Arrays.copyOf(all, end));
  }

  /// Returns these fields but for one.
  HeaderFields without(String name) {
    int at = indexOf(pairs, pairs.length, name);
    if (at < 0) {
      return this;
    }
    String[] others = new String[pairs.length - PAIR];
    System.arraycopy(pairs, 0, others, 0, at);
    System.arraycopy(pairs, at + PAIR, others, at, others.length - at);
    return new HeaderFields(others);
  }

  /// Returns the value of a field, or null if there is none of this name.
  @Nullable String get(String name) {
    int at = indexOf(pairs, pairs.length, name);
    return at < 0 ? null : pairs[at + 1];
  }

  /// Gives each name and value to `action`.
  void forEach(BiConsumer<String, String> action) {
    for (int i = 0; i < pairs.length; i += PAIR) {
      action.accept(pairs[i], pairs[i + 1]);
    }
  }

  /// Returns the values by name, in order.
  Map<String, String> toMap() {
    Map<String, String> map = new LinkedHashMap<>();
    forEach(map::put);
    return map;
  }

  private static int indexOf(String[] pairs, int end, String name) {
    for (int i = 0; i < end; i += PAIR) {
      if (pairs[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }
}
