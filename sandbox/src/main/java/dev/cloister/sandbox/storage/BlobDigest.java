package dev.cloister.sandbox.storage;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// The SHA-256 digest of a blob: its name in the store and the name of a plugin version.
///
/// @param hex 64 lower-case hexadecimal digits
public record BlobDigest(String hex) implements Comparable<BlobDigest> {
  private static final String PREFIX = "sha256:";
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  /// Checks the digits.
  ///
  /// @throws IllegalArgumentException if `hex` is not 64 lower-case hexadecimal digits
  public BlobDigest {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("not a SHA-256 digest");
    }
  }

  /// Reads the public form `sha256:HEX`.
  ///
  /// @throws IllegalArgumentException if `text` has another form
  public static BlobDigest parse(String text) {
    if (!text.startsWith(PREFIX)) {
      throw new IllegalArgumentException("not of the form sha256:HEX");
    }
    return new BlobDigest(text.substring(PREFIX.length()));
  }

  /// Returns the digest of `bytes`.
  public static BlobDigest of(byte[] bytes) {
    return ofHash(newMessageDigest().digest(bytes));
  }

  /// Returns the digest that a [#newMessageDigest] has at its end.
  public static BlobDigest ofHash(byte[] hash) {
    return new BlobDigest(HexFormat.of().formatHex(hash));
  }

  /// Returns a SHA-256 that has seen nothing yet.
  public static MessageDigest newMessageDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public int compareTo(BlobDigest other) {
    return hex.compareTo(other.hex);
  }

  /// Returns the public form `sha256:HEX`.
  @Override
  public String toString() {
    return PREFIX + hex;
  }
}
