package dev.cloister.sandbox.storage;

/// The one rule for the names people give to tenants, plugins and aliases.
final class ResourceNames {
  static final String RULE = "[a-z0-9][a-z0-9-]{0,62}";

  private static final int MAX_CHARS = 63;

  private ResourceNames() {}

  /// Returns whether `text` obeys the rule.
  static boolean isValid(String text) {
    if (text.isEmpty() || text.length() > MAX_CHARS || text.charAt(0) == '-') {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
        return false;
      }
    }
    return true;
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
