package dev.cloister.isolate.wasi;

/// The guest called `proc_exit`: unwinds it, without a stack of its own.
public final class ProcessExit extends RuntimeException {
  private final int code;

  ProcessExit(int code) {
    super("exit " + code, null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.code = code;
  }

  /// The exit code, as the guest gave it.
  public int code() {
    return code;
  }
}
