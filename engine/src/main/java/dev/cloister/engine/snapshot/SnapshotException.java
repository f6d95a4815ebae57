package dev.cloister.engine.snapshot;

/// An instance of which no image can be made, or an image of which no instance can be.
public final class SnapshotException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Makes one that says why.
  public SnapshotException(String message) {
    super(message);
  }

  SnapshotException(String message, Throwable cause) {
    super(message, cause);
  }
}
