package dev.cloister.isolate.abi.extism;

import org.jspecify.annotations.Nullable;

/// A function of the host ends the call of a plug-in, which cannot catch it.
public final class ExtismException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Makes a failure.
  ///
  /// @param message what, where, the actual and the allowed value; the tenant may read it
  ExtismException(String message) {
    this(message, null);
  }

  /// Makes a failure that something else caused.
  ExtismException(String message, @Nullable Throwable cause) {
    super(message, cause, /* enableSuppression= */ false, /* writableStackTrace= */ false);
  }
}
