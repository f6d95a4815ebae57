package dev.cloister.engine.snapshot;

/// What an element segment in an image is, by its byte.
final class SegmentKind {
  /// Its values follow from the module.
  static final int UNTOUCHED = 0;

  /// It has none.
  static final int EMPTY = 1;

  /// They follow here.
  static final int VALUES = 2;

  private SegmentKind() {}
}
