package dev.cloister.engine.error;

/// A fault of a module's bytes, found by decoding or validation: a text and the place in the bytes.
///
/// The text starts with the wording of the specification's test suite and goes on with what was
/// found and what is allowed. It is the same whichever way the bytes arrived.
public abstract sealed class ModuleException extends WasmException
    permits MalformedException, InvalidModuleException {

  private static final long serialVersionUID = 1L;

  private final String text;
  private final long offset;

  ModuleException(ErrorCode code, String text, long offset) {
    super(code, text + " (@+0x" + Long.toHexString(offset) + ")");
    this.text = text;
    this.offset = offset;
  }

  /// Returns the message without the offset.
  public final String text() {
    return text;
  }

  /// Returns the offset of the fault in the module, in bytes from its first byte.
  public final long offset() {
    return offset;
  }
}
