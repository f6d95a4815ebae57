package dev.cloister.sandbox.wast;

/// A script that cannot be read or makes no sense. Not the engine's fault.
public final class ScriptException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// A fault that `message` describes in one line.
  public ScriptException(String message) {
    super(message);
  }

  /// A fault with a cause.
  public ScriptException(String message, Throwable cause) {
    super(message, cause);
  }
}
