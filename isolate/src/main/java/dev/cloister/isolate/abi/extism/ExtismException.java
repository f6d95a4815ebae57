package dev.cloister.isolate.abi.extism;

/// What ends the call of a plug-in with a message, by a function of the host or of its own will.
public final class ExtismException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int HOST_CODE = -1;

  private final int code;

  /// A failure of a function of the host.
  ///
  /// @param message what, where, the actual and the allowed value; the tenant may read it
  public ExtismException(String message) {
    this(message, HOST_CODE);
  }

  /// A failure of a function of the host that something else caused.
  ExtismException(String message, Throwable cause) {
    super(message, cause, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.code = HOST_CODE;
  }

  /// A failure of the plug-in.
  ///
  /// @param code what its function returned, or its exit code
  ExtismException(String message, int code) {
    super(message, null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.code = code;
  }

  /// What the function returned, or the exit code; -1 if the host ended the call.
  public int code() {
    return code;
  }
}
