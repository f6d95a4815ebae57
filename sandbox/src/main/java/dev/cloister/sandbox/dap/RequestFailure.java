package dev.cloister.sandbox.dap;

import java.io.Serial;

/// A request that cannot be done, for reasons that its sender is told.
final class RequestFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  RequestFailure(String message) {
    super(message, null, false, false);
  }
}
