package dev.cloister.isolate.verticle;

/// The output of a call reached a limit: unwinds the guest, without a stack of its own.
final class OutputLimitException extends RuntimeException {
  private final String limit;
  private final long used;
  private final long allowed;

  OutputLimitException(String limit, long used, long allowed) {
    super(
        "limit exceeded: " + limit,
        null,
        /* enableSuppression= */ false,
        /* writableStackTrace= */ false);
    this.limit = limit;
    this.used = used;
    this.allowed = allowed;
  }

  String limit() {
    return limit;
  }

  long used() {
    return used;
  }

  long allowed() {
    return allowed;
  }
}
