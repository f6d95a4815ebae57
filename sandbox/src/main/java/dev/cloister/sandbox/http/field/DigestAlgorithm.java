package dev.cloister.sandbox.http.field;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/// The hash algorithms of digest fields that are still safe (RFC 9530, section 5).
public enum DigestAlgorithm {
  /// SHA-256.
  SHA_256("sha-256", "SHA-256"),
  /// SHA-512.
  SHA_512("sha-512", "SHA-512");

  private final String key;
  private final String javaName;

  DigestAlgorithm(String key, String javaName) {
    this.key = key;
    this.javaName = javaName;
  }

  /// Returns the name in digest fields.
  public String key() {
    return key;
  }

  /// Returns the algorithm that digest fields call `key`, or null if it is none of these.
  public static @Nullable DigestAlgorithm of(String key) {
    for (DigestAlgorithm algorithm : values()) {
      if (algorithm.key.equals(key)) {
        return algorithm;
      }
    }
    return null;
  }

  /// Returns a digest that has seen nothing.
  public MessageDigest start() {
    try {
      return MessageDigest.getInstance(javaName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has " + javaName, e);
    }
  }
}
