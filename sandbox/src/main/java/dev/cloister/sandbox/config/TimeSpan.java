package dev.cloister.sandbox.config;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A length of time as people write it: `250ms`, `5s`, `2m`, `12h`, `7d`.
public final class TimeSpan {
  /// The accepted forms in words, for messages.
  public static final String FORM = "a time such as 250ms, 5s, 2m, 12h, 7d";

  private static final Pattern PATTERN = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");
  private static final Map<String, Duration> UNITS =
      Map.of(
          "ms", Duration.ofMillis(1),
          "s", Duration.ofSeconds(1),
          "m", Duration.ofMinutes(1),
          "h", Duration.ofHours(1),
          "d", Duration.ofDays(1));

  private TimeSpan() {}

  /// Reads the text form.
  ///
  /// @throws IllegalArgumentException if `text` is not of that form
  public static Duration parse(String text) {
    Matcher matcher = PATTERN.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("expected " + FORM + ", got \"" + text + "\"");
    }
    long count = Long.parseLong(matcher.group(1));
    return Objects.requireNonNull(UNITS.get(matcher.group(2))).multipliedBy(count);
  }

  /// Returns a text form of `duration` that [#parse] reads.
  public static String format(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 3600 == 0 && seconds > 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 && seconds > 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
