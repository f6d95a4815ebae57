package dev.cloister.sandbox.storage;

import java.util.regex.Pattern;

/// The one rule for the names people give to tenants, plugins and aliases.
final class ResourceNames {
  static final String RULE = "[a-z0-9][a-z0-9-]{0,62}";

  private static final Pattern PATTERN = Pattern.compile(RULE);

  private ResourceNames() {}

  /// Returns whether `text` obeys the rule.
  static boolean isValid(String text) {
    return PATTERN.matcher(text).matches();
  }

  /// Returns `text`.
  ///
  /// @throws InvalidNameException if `text` does not obey the rule
  static String require(String kind, String text) {
    if (!isValid(text)) {
      throw new InvalidNameException(kind, text);
    }
    return text;
  }
}
