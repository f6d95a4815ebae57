package dev.cloister.sandbox.http;

import io.vertx.core.MultiMap;
import org.jspecify.annotations.Nullable;

/// A request's path and query if they stand for themselves: nothing in them is escaped, and the
/// path has no detours. Nearly all are like that; the library reads the others.
///
/// @param path the path
/// @param query the query without its question mark, empty if there is none
record PlainUri(String path, String query) {
  private static final int MAX_CHARS = 1_024;

  /// Nobody changes it.
  private static final MultiMap NO_PARAMETERS = MultiMap.caseInsensitiveMultiMap();

  /// Returns `uri` taken apart, or null if it is not that plain.
  static @Nullable PlainUri of(String uri) {
    int length = uri.length();
    if (length == 0 || length > MAX_CHARS || uri.charAt(0) != '/') {
      return null;
    }
    int end = -1;
    char before = ' ';
    for (int i = 0; i < length; i++) {
      char next = uri.charAt(i);
      if (end < 0 && next == '?') {
        end = i;
      } else if (!isPlain(next, /* inQuery= */ end >= 0)
          || (end < 0 && before == '/' && (next == '/' || next == '.'))) {
        return null;
      }
      before = next;
    }
    return end < 0
        ? new PlainUri(uri, "")
        : new PlainUri(uri.substring(0, end), uri.substring(end + 1));
  }

  /// Returns the query's parameters, which are not to be changed.
  MultiMap parameters() {
    if (query.isEmpty()) {
      return NO_PARAMETERS;
    }
    MultiMap parameters = MultiMap.caseInsensitiveMultiMap();
    int from = 0;
    while (from < query.length()) {
      int ampersand = query.indexOf('&', from);
      int to = ampersand < 0 ? query.length() : ampersand;
      while (from < to && query.charAt(from) == '=') {
        from++; // no name begins so
      }
      int equals = query.indexOf('=', from);
      int nameEnd = equals < 0 || equals > to ? to : equals;
      if (nameEnd > from) {
        parameters.add(
            query.substring(from, nameEnd), query.substring(Math.min(nameEnd + 1, to), to));
      }
      from = to + 1;
    }
    return parameters;
  }

  private static boolean isPlain(char next, boolean inQuery) {
    return (next >= 'a' && next <= 'z')
        || (next >= 'A' && next <= 'Z')
        || (next >= '0' && next <= '9')
        || next == '-'
        || next == '.'
        || next == '_'
        || next == '/'
        || next == ':'
        || (inQuery && (next == '=' || next == '&' || next == ','));
  }
}
