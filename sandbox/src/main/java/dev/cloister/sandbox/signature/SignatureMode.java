package dev.cloister.sandbox.signature;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What becomes of signatures at an upload, from the least strict to the strictest.
public enum SignatureMode {
  /// Nobody looks at them.
  OFF,
  /// One that is there must be right.
  OPTIONAL,
  /// There must be one that is right.
  REQUIRED;

  /// Returns the mode of this public name, or null if there is none.
  public static @Nullable SignatureMode named(String name) {
    for (SignatureMode mode : values()) {
      if (mode.text().equals(name)) {
        return mode;
      }
    }
    return null;
  }

  /// Returns the public name.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Returns the stricter of both.
  public SignatureMode orStricter(SignatureMode other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
