package dev.cloister.engine.snapshot;

/// What a reference in an image is, by the byte that it begins with.
final class ReferenceKind {
  /// Nothing follows.
  static final int NULL = 0;

  /// The number of an object follows.
  static final int OBJECT = 1;

  /// The value of an integer of 31 bits follows.
  static final int I31 = 2;

  /// The index of a function follows.
  static final int FUNCTION = 3;

  private ReferenceKind() {}
}
