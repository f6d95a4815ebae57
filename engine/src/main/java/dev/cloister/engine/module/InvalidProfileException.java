package dev.cloister.engine.module;

/// A text is no profile of a module.
public final class InvalidProfileException extends Exception {
  private static final long serialVersionUID = 1;

  /// Creates a fault that says what is wrong and in which line.
  public InvalidProfileException(String message) {
    super(message);
  }
}
