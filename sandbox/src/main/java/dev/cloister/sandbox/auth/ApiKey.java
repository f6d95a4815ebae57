package dev.cloister.sandbox.auth;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final Pattern PATTERN =
      Pattern.compile("(?:cloister|cl)_([0-9a-z]{1,32})_[0-9a-zA-Z]{16,128}");

  /// Makes a new key with 256 bits of secret.
  public static ApiKey generate(SecureRandom random) {
    return generate(randomHex(random, ID_BYTES), random);
  }

  /// Makes a key with this id and a new secret.
  public static ApiKey generate(String id, SecureRandom random) {
    return new ApiKey(id, PREFIX + id + "_" + randomHex(random, SECRET_BYTES));
  }

  /// Returns the id in `text`, or null if `text` does not have the form of a key.
  static @Nullable String idOf(String text) {
    Matcher matcher = PATTERN.matcher(text);
    return matcher.matches() ? matcher.group(1) : null;
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
