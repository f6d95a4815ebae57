package dev.cloister.sandbox.storage;

import org.jspecify.annotations.Nullable;

/// Where a PostgreSQL database is and who may use it.
///
/// @param url `jdbc:postgresql://HOST:PORT/NAME`, with the driver's parameters if there are any
/// @param user the role to sign in as, null for that of `url` or of the system
/// @param password its password, null if it needs none
public record PostgresAddress(String url, @Nullable String user, @Nullable String password) {

  /// Says where, and no password.
  @Override
  public String toString() {
    return url.replaceFirst("\\?.*", "") + (user == null ? "" : " as " + user);
  }
}
