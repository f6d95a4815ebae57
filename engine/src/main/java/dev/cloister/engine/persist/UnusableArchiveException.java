package dev.cloister.engine.persist;

import java.io.IOException;

/// An archive cannot be used: it is cut off, not authentic, or was made by other software.
final class UnusableArchiveException extends IOException {
  private static final long serialVersionUID = 1;

  UnusableArchiveException(String message) {
    super(message);
  }
}
