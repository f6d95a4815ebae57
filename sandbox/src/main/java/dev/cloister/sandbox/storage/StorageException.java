package dev.cloister.sandbox.storage;

/// A store that cannot be read or written: the operator must act.
public sealed class StorageException extends RuntimeException
    permits StorageCorruptException, StorageFullException {
  private static final long serialVersionUID = 1L;

  /// Creates an exception with its cause.
  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  /// Creates an exception for a state that no other exception told of.
  public StorageException(String message) {
    super(message);
  }
}
