package dev.cloister.engine.script;

/// A source map that does not follow ECMA-426, or exceeds a bound.
final class SourceMapException extends Exception {
  private static final long serialVersionUID = 1L;

  SourceMapException(String message, int position) {
    super(message + " at character " + position);
  }
}
