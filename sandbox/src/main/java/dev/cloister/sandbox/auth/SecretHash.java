package dev.cloister.sandbox.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The SHA-256 hash of a secret with at least 128 random bits.
///
/// Such secrets need no salt and no slow hash: there is no list of likely ones to try.
///
/// @param hex 64 hexadecimal digits
public record SecretHash(String hex) {

  /// Returns the hash of `secret`.
  public static SecretHash of(String secret) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] hash = digest.digest(secret.getBytes(StandardCharsets.UTF_8));
      return new SecretHash(HexFormat.of().formatHex(hash));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Returns whether both are the hash of one secret, in a time that does not depend on the answer.
  boolean isSame(SecretHash presented) {
    return MessageDigest.isEqual(
        hex.getBytes(StandardCharsets.US_ASCII), presented.hex.getBytes(StandardCharsets.US_ASCII));
  }
}
