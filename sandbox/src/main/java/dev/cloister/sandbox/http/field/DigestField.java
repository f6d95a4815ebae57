package dev.cloister.sandbox.http.field;

import dev.cloister.sandbox.problem.Problem;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Content-Digest, Repr-Digest and the fields that ask for them (RFC 9530). Bodies are never
/// encoded here, so both digests of a body are the same.
public final class DigestField {
  /// A member of a dictionary of byte sequences, with parameters that nobody reads (RFC 9651).
  private static final Pattern DIGEST =
      Pattern.compile("([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):(?:;[^,\"]*)?");

  /// A member of a dictionary of integers.
  private static final Pattern WISH =
      Pattern.compile("([a-z*][a-z0-9_.*-]*)=(-?[0-9]{1,15})(?:;[^,\"]*)?");

  private DigestField() {}

  /// Reads the digests of a field, without those of algorithms that are not known. If an algorithm
  /// is there twice, the last one counts.
  ///
  /// @param name the header's name, for the problem
  /// @throws dev.cloister.sandbox.problem.ApiException if the field is not well-formed
  public static Map<DigestAlgorithm, byte[]> parse(String name, String text) {
    Map<DigestAlgorithm, byte[]> digests = new EnumMap<>(DigestAlgorithm.class);
    for (String member : text.split(",", -1)) {
      Matcher matcher = DIGEST.matcher(member.strip());
      if (!matcher.matches()) {
        throw Problem.invalid(name, text, "such as sha-256=:BASE64:").asException();
      }
      @Nullable DigestAlgorithm algorithm = DigestAlgorithm.of(matcher.group(1));
      if (algorithm != null) {
        digests.put(algorithm, decode(name, text, matcher.group(2)));
      }
    }
    return digests;
  }

  /// Returns the algorithm that a field such as Want-Repr-Digest prefers, or null if it wants none
  /// that is known. A field that is not well-formed wants nothing.
  public static @Nullable DigestAlgorithm wanted(@Nullable String text) {
    if (text == null) {
      return null;
    }
    @Nullable DigestAlgorithm best = null;
    long bestWeight = 0;
    for (String member : text.split(",", -1)) {
      Matcher matcher = WISH.matcher(member.strip());
      if (!matcher.matches()) {
        return null;
      }
      @Nullable DigestAlgorithm algorithm = DigestAlgorithm.of(matcher.group(1));
      long weight = Long.parseLong(matcher.group(2));
      if (algorithm != null && weight > bestWeight) {
        best = algorithm;
        bestWeight = weight;
      }
    }
    return best;
  }

  /// Returns a digest as it is sent.
  public static String text(DigestAlgorithm algorithm, byte[] digest) {
    return algorithm.key() + "=:" + Base64.getEncoder().encodeToString(digest) + ":";
  }

  private static byte[] decode(String name, String text, String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException _) {
      throw Problem.invalid(name, text, "in Base64 between the colons").asException();
    }
  }
}
