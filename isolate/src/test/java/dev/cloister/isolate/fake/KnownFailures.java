package dev.cloister.isolate.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// What is known to fail and why, from a file beside the test: a line each, `NAME: REASON`.
public final class KnownFailures {
  private final Map<String, String> reasons = new HashMap<>();

  /// Reads the resource `name` beside `test`.
  public KnownFailures(Class<?> test, String name) {
    try (InputStream resource = Objects.requireNonNull(test.getResourceAsStream(name), name)) {
      String text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          int colon = line.indexOf(": ");
          reasons.put(line.substring(0, colon), line.substring(colon + 2));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Checks the outcome of `name`: no fault unless one is known, and then some fault.
  ///
  /// @param fault what went wrong, or nothing
  public void check(String name, String fault) {
    String reason = reasons.get(name);
    if (reason == null) {
      assertThat(fault).isEmpty();
    } else if (fault.isEmpty()) {
      fail("passes, but is listed as failing: " + reason);
    }
  }
}
