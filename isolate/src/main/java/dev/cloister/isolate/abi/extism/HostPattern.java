package dev.cloister.isolate.abi.extism;

import java.util.Locale;

/// A pattern of host names: `*` stands for any characters, `?` for one, everything else for itself.
///
/// @param text the pattern, in lower case
public record HostPattern(String text) {
  /// Makes the pattern lower case.
  public HostPattern {
    text = text.toLowerCase(Locale.ROOT);
  }

  /// Whether all of `host`, in lower case, fits. Takes time by the product of both lengths at most.
  boolean matches(String host) {
    int at = 0;
    int star = -1;
    int resume = 0;
    int i = 0;
    while (i < host.length()) {
      char expected = at < text.length() ? text.charAt(at) : '\0';
      if (expected == '*') {
        star = at++;
        resume = i;
      } else if (expected == '?' || expected == host.charAt(i)) {
        at++;
        i++;
      } else if (star >= 0) {
        at = star + 1;
        i = ++resume;
      } else {
        return false;
      }
    }
    while (at < text.length() && text.charAt(at) == '*') {
      at++;
    }
    return at == text.length();
  }
}
