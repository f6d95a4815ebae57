package dev.cloister.isolate;

/// A limit was named that does not exist.
public final class UnknownLimitException extends RuntimeException {
  private final String limit;

  UnknownLimitException(String limit) {
    super("unknown limit " + limit);
    this.limit = limit;
  }

  /// The name that was given.
  public String limit() {
    return limit;
  }
}
