package dev.cloister.engine.error;

/// Bytes that do not follow the binary format (Spec 5).
public final class MalformedException extends ModuleException {

  private static final long serialVersionUID = 1L;

  /// Creates the fault `text` at byte `offset` of the module.
  public MalformedException(String text, long offset) {
    super(ErrorCode.MALFORMED, text, offset);
  }
}
