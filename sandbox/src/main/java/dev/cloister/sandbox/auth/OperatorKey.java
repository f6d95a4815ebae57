package dev.cloister.sandbox.auth;

import dev.cloister.sandbox.storage.DataFolder;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The operator's key, which comes from the environment or from a file in the data folder. Only the
/// one in the file can be replaced here.
public final class OperatorKey {
  /// The environment variable that overrides the file.
  public static final String VARIABLE = "CLOISTER_OPERATOR_KEY";

  private static final String FILE = "operator.key";

  /// `MILLIS HASH`: until when the key before is valid, in milliseconds since 1970, and its hash.
  private static final String REPLACED_FILE = "operator.key.replaced";

  private static final int MIN_LENGTH = 16;

  private final @Nullable DataFolder folder;
  private final SecureRandom random;
  private volatile OperatorSecret secret;

  /// Held while files are written: one replacement at a time.
  private final Object rotating = new Object();

  private OperatorKey(@Nullable DataFolder folder, SecureRandom random, OperatorSecret secret) {
    this.folder = folder;
    this.random = random;
    this.secret = secret;
  }

  /// Reads the key. Makes `operator.key` (mode 0600) at the first start, unless `fromEnvironment`
  /// gives the key.
  ///
  /// @throws IOException if the file can be neither read nor written
  /// @throws IllegalArgumentException if the key is too short to be a secret
  public static OperatorKey load(
      DataFolder folder, @Nullable String fromEnvironment, SecureRandom random) throws IOException {
    if (fromEnvironment != null) {
      return fixed(checked(fromEnvironment, VARIABLE));
    }
    String text =
        folder.privateFile(FILE, () -> ApiKey.generate(KeyRing.OPERATOR_ID, random).text());
    SecretHash hash = checked(text, FILE);
    return new OperatorKey(folder, random, withReplaced(folder, hash));
  }

  /// Returns a key that cannot be replaced.
  static OperatorKey fixed(SecretHash hash) {
    return new OperatorKey(null, new SecureRandom(), new OperatorSecret(hash, null, null));
  }

  /// Returns what keys are compared with.
  OperatorSecret secret() {
    return secret;
  }

  /// Returns whether the key can be replaced here.
  boolean isReplaceable() {
    return folder != null;
  }

  /// Replaces the key, durably, and returns the new one. The present one stays valid until
  /// `replacedUntil`, also over a restart.
  ///
  /// @throws IOException if the files cannot be written; the present key stays
  /// @throws IllegalStateException if the key does not come from the data folder
  ApiKey rotate(Instant replacedUntil) throws IOException {
    if (folder == null) {
      throw new IllegalStateException("the operator key comes from " + VARIABLE);
    }
    synchronized (rotating) {
      ApiKey key = ApiKey.generate(KeyRing.OPERATOR_ID, random);
      SecretHash present = secret.hash();
      // In this order, so that a crash in between takes no key away.
      folder.replacePrivateFile(REPLACED_FILE, replacedUntil.toEpochMilli() + " " + present.hex());
      folder.replacePrivateFile(FILE, key.text());
      secret = new OperatorSecret(SecretHash.of(key.text()), present, replacedUntil);
      return key;
    }
  }

  private static OperatorSecret withReplaced(DataFolder folder, SecretHash hash)
      throws IOException {
    @Nullable String text = folder.existingPrivateFile(REPLACED_FILE);
    if (text == null) {
      return new OperatorSecret(hash, null, null);
    }
    String[] parts = text.split(" ", 2);
    try {
      Instant until = Instant.ofEpochMilli(Long.parseLong(parts[0]));
      return parts.length == 2
          ? new OperatorSecret(hash, SecretHash.parse(parts[1]), until)
          : new OperatorSecret(hash, null, null);
    } catch (IllegalArgumentException e) { // no number, or no hash
      throw new IOException(REPLACED_FILE + " is not MILLIS HASH; remove it", e);
    }
  }

  private static SecretHash checked(String text, String source) {
    if (text.length() < MIN_LENGTH) {
      throw new IllegalArgumentException(
          "the operator key from "
              + source
              + " has "
              + text.length()
              + " characters, at least "
              + MIN_LENGTH
              + " are needed");
    }
    return SecretHash.of(text);
  }
}
