package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A store without space for what is to be written.
public final class StorageFullException extends StorageException {
  private static final long serialVersionUID = 1L;

  /// Creates an exception with its cause.
  public StorageFullException(String message, Throwable cause) {
    super(message, cause);
  }

  /// Returns whether an exception of the file system says that its space or quota is used up.
  public static boolean isCauseOf(IOException failure) {
    @Nullable String message = failure.getMessage();
    if (message == null) {
      return false;
    }
    String text = message.toLowerCase(Locale.ROOT);
    // The Java platform has no type for ENOSPC and EDQUOT, only their texts.
    return text.contains("no space left") || text.contains("quota exceeded");
  }
}
