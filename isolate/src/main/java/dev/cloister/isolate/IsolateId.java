package dev.cloister.isolate;

import java.util.regex.Pattern;

/// The name of a tenant: 1 to 63 characters of `a-z`, `0-9` and `-`, the first not a `-`.
///
/// @param value the name
public record IsolateId(String value) implements Comparable<IsolateId> {
  private static final Pattern RULE = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  /// Checks the name.
  ///
  /// @throws IllegalArgumentException if `value` is no valid name
  public IsolateId {
    if (!isValid(value)) {
      throw new IllegalArgumentException("not a tenant name: it must match " + RULE.pattern());
    }
  }

  /// Whether `value` is a valid name.
  public static boolean isValid(String value) {
    return RULE.matcher(value).matches();
  }

  @Override
  public int compareTo(IsolateId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
