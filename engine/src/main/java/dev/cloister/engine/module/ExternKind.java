package dev.cloister.engine.module;

import java.util.Locale;

/// The kinds of imports and exports, in the order of their codes (Spec 5.5.5).
public enum ExternKind {
  /// A function.
  FUNCTION,
  /// A table.
  TABLE,
  /// A memory.
  MEMORY,
  /// A global.
  GLOBAL,
  /// A tag.
  TAG;

  private final String text = name().toLowerCase(Locale.ROOT);

  @Override
  public String toString() {
    return text;
  }
}
