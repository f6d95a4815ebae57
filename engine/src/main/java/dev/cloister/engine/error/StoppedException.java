package dev.cloister.engine.error;

/// The end of a call that was stopped from outside. A guest cannot catch it.
public final class StoppedException extends WasmException {

  private static final long serialVersionUID = 1L;

  private final StopReason reason;

  /// Creates the end of a call that was stopped for `reason`.
  public StoppedException(StopReason reason) {
    super(ErrorCode.STOPPED, "stopped: " + reason.text(), /* writableStackTrace= */ false);
    this.reason = reason;
  }

  /// Returns why the call was stopped.
  public StopReason reason() {
    return reason;
  }
}
