package dev.cloister.sandbox.config;

import org.jspecify.annotations.Nullable;

/// The section `cluster.database`: a PostgreSQL database.
///
/// @param url `jdbc:postgresql://HOST:PORT/NAME`
/// @param user the role to sign in as, empty for that of the URL
/// @param passwordFile the file with its password, empty if it needs none
public record DatabaseConfig(String url, String user, String passwordFile) {
  private static final String SCHEME = "jdbc:postgresql:";

  /// Reads the section; null if it names no database.
  static @Nullable DatabaseConfig from(ConfigSection section) {
    String url = section.checkedText("url", "", DatabaseConfig::requireScheme);
    DatabaseConfig config =
        new DatabaseConfig(url, section.optionalText("user"), section.optionalText("passwordFile"));
    section.end();
    return url.isEmpty() ? null : config;
  }

  private static void requireScheme(String url) {
    if (!url.isEmpty() && !url.startsWith(SCHEME)) {
      throw new IllegalArgumentException(
          "expected " + SCHEME + "//HOST:PORT/NAME, got a text that begins otherwise");
    }
  }
}
