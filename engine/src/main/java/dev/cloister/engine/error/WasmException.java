package dev.cloister.engine.error;

/// A fault of a guest: of its module, its imports or its execution. Faults of the engine itself are
/// never of this family.
public abstract sealed class WasmException extends RuntimeException
    permits ModuleException,
        LinkException,
        TrapException,
        LimitExceededException,
        StoppedException,
        UncaughtWasmException {

  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  WasmException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  /// A fault without a Java stack trace, for those raised on guest stacks.
  WasmException(ErrorCode code, String message, boolean writableStackTrace) {
    super(message, null, false, writableStackTrace);
    this.code = code;
  }

  /// Returns the kind of this fault.
  public final ErrorCode code() {
    return code;
  }
}
