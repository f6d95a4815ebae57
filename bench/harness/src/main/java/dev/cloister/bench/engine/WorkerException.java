package dev.cloister.bench.engine;

/// The worker could not do what it was told, or is gone.
public final class WorkerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// One for a reason.
  public WorkerException(String message) {
    super(message);
  }
}
