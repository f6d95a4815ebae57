package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.nio.file.Path;

/// A data folder that another running server has locked.
public final class DataFolderInUseException extends IOException {
  private static final long serialVersionUID = 1L;

  DataFolderInUseException(Path folder) {
    super("the data folder " + folder.toAbsolutePath() + " is in use by another server");
  }
}
