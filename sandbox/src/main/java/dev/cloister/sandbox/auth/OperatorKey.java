package dev.cloister.sandbox.auth;

import dev.cloister.sandbox.storage.DataFolder;
import java.io.IOException;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/// Where the operator's key comes from: the environment, or a file in the data folder.
public final class OperatorKey {
  /// The environment variable that overrides the file.
  public static final String VARIABLE = "CLOISTER_OPERATOR_KEY";

  private static final String FILE = "operator.key";
  private static final int MIN_LENGTH = 16;

  private OperatorKey() {}

  /// Returns the hash of the operator's key. Makes `operator.key` (mode 0600) at the first start,
  /// unless `fromEnvironment` gives the key.
  ///
  /// @throws IOException if the file can be neither read nor written
  /// @throws IllegalArgumentException if the key is too short to be a secret
  public static SecretHash load(
      DataFolder folder, @Nullable String fromEnvironment, SecureRandom random) throws IOException {
    String text =
        fromEnvironment == null
            ? folder.privateFile(FILE, () -> ApiKey.generate(KeyRing.OPERATOR_ID, random).text())
            : fromEnvironment;
    if (text.length() < MIN_LENGTH) {
      throw new IllegalArgumentException(
          "the operator key from "
              + (fromEnvironment == null ? FILE : VARIABLE)
              + " has "
              + text.length()
              + " characters, at least "
              + MIN_LENGTH
              + " are needed");
    }
    return SecretHash.of(text);
  }
}
