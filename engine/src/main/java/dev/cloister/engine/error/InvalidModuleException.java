package dev.cloister.engine.error;

/// A module that decodes but is not valid (Spec 3).
public final class InvalidModuleException extends ModuleException {

  private static final long serialVersionUID = 1L;

  /// Creates the fault `text` at byte `offset` of the module.
  public InvalidModuleException(String text, long offset) {
    super(ErrorCode.INVALID, text, offset);
  }
}
