package dev.cloister.sandbox.storage;

/// A store whose content is damaged: only a backup or a repair by hand brings it back.
public final class StorageCorruptException extends StorageException {
  private static final long serialVersionUID = 1L;

  /// Creates an exception with its cause.
  public StorageCorruptException(String message, Throwable cause) {
    super(message, cause);
  }

  /// Creates an exception for what the store itself reports.
  public StorageCorruptException(String message) {
    super(message);
  }
}
