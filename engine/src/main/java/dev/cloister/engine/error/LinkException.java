package dev.cloister.engine.error;

/// A module that cannot be instantiated with the imports given (Spec 4.7.3).
public final class LinkException extends WasmException {

  private static final long serialVersionUID = 1L;

  /// Creates the fault; the message starts with `unknown import` or `incompatible import type`.
  public LinkException(String message) {
    super(ErrorCode.UNLINKABLE, message);
  }
}
