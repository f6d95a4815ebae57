package dev.cloister.isolate.imports;

/// A function ends with a code: unwinds it, and is caught at its border. Without a stack.
final class ImportException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ResultCode code;

  ImportException(ResultCode code, String message) {
    super(message, null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.code = code;
  }

  ResultCode code() {
    return code;
  }
}
