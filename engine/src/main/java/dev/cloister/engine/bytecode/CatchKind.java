package dev.cloister.engine.bytecode;

/// The forms of a catch clause of `try_table`, in the order of their codes (Spec 5.4.1).
public enum CatchKind {
  /// Catches one tag, the label takes its values.
  CATCH,
  /// Catches one tag, the label takes its values and the exception.
  CATCH_REF,
  /// Catches every exception, the label takes nothing.
  CATCH_ALL,
  /// Catches every exception, the label takes the exception.
  CATCH_ALL_REF;

  /// Returns whether the clause names a tag.
  public boolean hasTag() {
    return this == CATCH || this == CATCH_REF;
  }

  /// Returns whether the label takes the exception as its last value.
  public boolean hasReference() {
    return this == CATCH_REF || this == CATCH_ALL_REF;
  }
}
