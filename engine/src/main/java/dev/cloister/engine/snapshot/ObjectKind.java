package dev.cloister.engine.snapshot;

/// What an object in an image is, by the byte that it begins with.
final class ObjectKind {
  /// The index of its type follows.
  static final int STRUCT = 0;

  /// The index of its type and its length follow.
  static final int ARRAY = 1;

  /// The index of its tag follows.
  static final int EXCEPTION = 2;

  private ObjectKind() {}
}
