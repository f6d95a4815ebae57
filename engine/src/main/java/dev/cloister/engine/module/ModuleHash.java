package dev.cloister.engine.module;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// The SHA-256 digest of a module's bytes: what identifies a module everywhere.
///
/// @param hex 64 hexadecimal digits in lower case
public record ModuleHash(String hex) {

  private static final int DIGITS = 64;

  /// Creates a hash from its digits.
  public ModuleHash {
    if (!isHash(hex)) {
      throw new IllegalArgumentException("not a SHA-256 digest in hexadecimal: " + hex);
    }
  }

  /// Returns the hash of `bytes`.
  public static ModuleHash of(byte[] bytes) {
    return of(bytes, bytes.length);
  }

  /// Returns the hash of the first `size` of `bytes`.
  public static ModuleHash of(byte[] bytes, int size) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes, 0, size);
      return new ModuleHash(HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Returns the hash written as `text`, or null if it is none.
  public static @Nullable ModuleHash parse(String text) {
    return isHash(text) ? new ModuleHash(text) : null;
  }

  private static boolean isHash(String text) {
    if (text.length() != DIGITS) {
      return false;
    }
    for (int i = 0; i < DIGITS; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return hex;
  }
}
