package dev.cloister.sandbox.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// The SHA-256 hash of a secret with at least 128 random bits.
///
/// Such secrets need no salt and no slow hash: there is no list of likely ones to try.
public final class SecretHash {
  private final byte[] hash;

  private SecretHash(byte[] hash) {
    this.hash = hash;
  }

  /// Returns the hash of `secret`.
  public static SecretHash of(String secret) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return new SecretHash(digest.digest(secret.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Returns the hash that [#hex] wrote.
  ///
  /// @throws IllegalArgumentException if `hex` has something else than hexadecimal digits
  public static SecretHash parse(String hex) {
    return new SecretHash(HexFormat.of().parseHex(hex));
  }

  /// Returns 64 hexadecimal digits.
  public String hex() {
    return HexFormat.of().formatHex(hash);
  }

  /// Returns whether both are the hash of one secret, in a time that does not depend on the answer.
  boolean isSame(SecretHash presented) {
    return MessageDigest.isEqual(hash, presented.hash);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SecretHash that && isSame(that);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  @Override
  public String toString() {
    return hex();
  }
}
