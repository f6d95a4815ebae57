package dev.cloister.engine.codegen;

/// A function cannot be expressed as one JVM method in the form that was tried.
///
/// Never leaves this package: another form is tried, and at last a limit of the engine is reported.
final class CodeLimitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String limit;
  private final long used;
  private final long allowed;

  CodeLimitException(String limit, long used, long allowed) {
    super(limit + ": " + used + " of " + allowed, null, false, false);
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
