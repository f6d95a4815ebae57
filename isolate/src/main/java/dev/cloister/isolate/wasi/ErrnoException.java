package dev.cloister.isolate.wasi;

/// Ends a WASI function with an error code; never seen by guests or callers.
///
/// There is one instance per code, see [Errno#exception()]; it has no stack and costs nothing to
/// throw.
public final class ErrnoException extends RuntimeException {
  private final transient Errno errno;

  ErrnoException(Errno errno) {
    super(errno.name(), null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.errno = errno;
  }

  /// The code.
  public Errno errno() {
    return errno;
  }
}
