package dev.cloister.engine.module;

import java.util.Locale;

/// The kinds of imports and exports, in the order of their codes (Spec 5.5.5).
public enum ExternKind {
  /// A function.
  FUNCTION(0),
  /// A table.
  TABLE(1),
  /// A memory.
  MEMORY(2),
  /// A global.
  GLOBAL(3),
  /// A tag.
  TAG(4);

  private final int code;
  private final String text = name().toLowerCase(Locale.ROOT);

  ExternKind(int code) {
    this.code = code;
  }

  /// Returns the byte that stands for this kind in the binary format.
  public int code() {
    return code;
  }

  @Override
  public String toString() {
    return text;
  }
}
