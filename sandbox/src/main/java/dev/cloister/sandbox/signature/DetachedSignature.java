package dev.cloister.sandbox.signature;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A signature beside a module, as the header `Cloister-Signature` has it:
/// `keyid="ci";sig=:BASE64:`, of which the first part may be absent.
///
/// @param keyId the id of the key it says it is of, null if it says none
/// @param bytes an Ed25519 signature of 64 bytes, or what wasmsign2 writes into a signature file
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record DetachedSignature(@Nullable String keyId, byte[] bytes) {
  /// The header.
  public static final String HEADER = "Cloister-Signature";

  private static final int MAX_TEXT = 16 << 10;
  private static final Pattern FORM =
      Pattern.compile("(?:keyid=\"?([A-Za-z0-9._-]{1,63})\"?\\s*;\\s*)?sig=:([A-Za-z0-9+/=]*):");

  /// Reads the header.
  ///
  /// @throws IllegalArgumentException if it does not have the form above
  public static DetachedSignature parse(String header) {
    Matcher matcher = FORM.matcher(header.strip());
    if (header.length() > MAX_TEXT || !matcher.matches()) {
      throw new IllegalArgumentException("expected keyid=\"NAME\";sig=:BASE64:");
    }
    return new DetachedSignature(matcher.group(1), Base64.getDecoder().decode(matcher.group(2)));
  }
}
