package dev.cloister.sandbox.auth;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// A key as its holder has it: `cloister_ID_SECRET`. The server keeps only the id and a hash.
///
/// The prefix is there for those who look for secrets in places where none belong. Keys of the
/// first servers begin with `cl_` and stay valid.
///
/// @param id the public part, by which the key is found
/// @param text the whole key; whoever has it is the holder
public record ApiKey(String id, String text) {
  private static final int ID_BYTES = 8;
  private static final int SECRET_BYTES = 32;
  private static final String PREFIX = "cloister_";
  private static final String FIRST_PREFIX = "cl_";
  private static final int MAX_ID_CHARS = 32;
  private static final int MIN_SECRET_CHARS = 16;
  private static final int MAX_SECRET_CHARS = 128;

  /// Makes a new key with 256 bits of secret.
  public static ApiKey generate(SecureRandom random) {
    return generate(randomHex(random, ID_BYTES), random);
  }

  /// Makes a key with this id and a new secret.
  public static ApiKey generate(String id, SecureRandom random) {
    return new ApiKey(id, PREFIX + id + "_" + randomHex(random, SECRET_BYTES));
  }

  /// Returns the id in `text`, or null if `text` does not have the form of a key.
  // Every request comes here, so it is written out.
  static @Nullable String idOf(String text) {
    int from =
        text.startsWith(PREFIX)
            ? PREFIX.length()
            : text.startsWith(FIRST_PREFIX) ? FIRST_PREFIX.length() : -1;
    int to = from < 0 ? -1 : text.indexOf('_', from);
    int idChars = to - from;
    int secretChars = text.length() - to - 1;
    if (to < 0
        || idChars < 1
        || idChars > MAX_ID_CHARS
        || secretChars < MIN_SECRET_CHARS
        || secretChars > MAX_SECRET_CHARS
        || !isAlphanumeric(text, from, to, /* isUpperAllowed= */ false)
        || !isAlphanumeric(text, to + 1, text.length(), /* isUpperAllowed= */ true)) {
      return null;
    }
    return text.substring(from, to);
  }

  private static boolean isAlphanumeric(String text, int from, int to, boolean isUpperAllowed) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      boolean isLower = c >= 'a' && c <= 'z';
      boolean isUpper = c >= 'A' && c <= 'Z';
      boolean isDigit = c >= '0' && c <= '9';
      if (!isLower && !isDigit && !(isUpper && isUpperAllowed)) {
        return false;
      }
    }
    return true;
  }

  /// Never shows the secret.
  @Override
  public String toString() {
    return PREFIX + id + "_…";
  }

  static String randomHex(SecureRandom random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
