package dev.cloister.sandbox.config;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number of bytes as people write it: `65536`, `64KiB`, `16 MiB`, `2GB`.
///
/// @param bytes the number of bytes, at least 0
public record DataSize(long bytes) {
  /// The accepted forms in words, for messages.
  public static final String FORM = "a size such as 65536, 64KiB, 16MiB, 2GB";

  private static final Pattern PATTERN = Pattern.compile("(\\d{1,18})\\s*([A-Za-z]*)");
  private static final Map<String, Long> UNITS =
      Map.of(
          "", 1L,
          "B", 1L,
          "KiB", 1L << 10,
          "MiB", 1L << 20,
          "GiB", 1L << 30,
          "TiB", 1L << 40,
          "kB", 1_000L,
          "MB", 1_000_000L,
          "GB", 1_000_000_000L,
          "TB", 1_000_000_000_000L);

  /// Returns a text form that [#parse] reads, in the largest unit that fits.
  @Override
  public String toString() {
    String[] units = {"TiB", "GiB", "MiB", "KiB"};
    for (int i = 0; i < units.length; i++) {
      int shift = 10 * (units.length - i);
      if (bytes > 0 && bytes % (1L << shift) == 0) {
        return (bytes >> shift) + units[i];
      }
    }
    return Long.toString(bytes);
  }

  /// Reads the text form.
  ///
  /// @throws IllegalArgumentException if `text` is not of that form or too large for 63 bits
  public static DataSize parse(String text) {
    Matcher matcher = PATTERN.matcher(text.strip());
    if (!matcher.matches() || !UNITS.containsKey(matcher.group(2))) {
      throw new IllegalArgumentException("expected " + FORM + ", got \"" + text + "\"");
    }
    try {
      long unit = UNITS.get(matcher.group(2));
      return new DataSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("too large: \"" + text + "\"", e);
    }
  }
}
