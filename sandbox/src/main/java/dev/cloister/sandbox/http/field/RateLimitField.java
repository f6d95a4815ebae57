package dev.cloister.sandbox.http.field;

/// RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11) of a limit per second.
public final class RateLimitField {
  private static final String WINDOW_SECONDS = "1";

  private RateLimitField() {}

  /// Returns what is allowed in a second.
  ///
  /// @param name the limit's name
  public static String policy(String name, long quota) {
    return '"' + name + "\";q=" + quota + ";w=" + WINDOW_SECONDS;
  }

  /// Returns how much of it is left now; after a second all of it is back.
  ///
  /// @param name the limit's name
  public static String state(String name, long remaining) {
    return '"' + name + "\";r=" + remaining + ";t=" + WINDOW_SECONDS;
  }
}
