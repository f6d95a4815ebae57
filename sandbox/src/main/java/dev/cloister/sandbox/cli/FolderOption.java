package dev.cloister.sandbox.cli;

import dev.cloister.isolate.wasi.linux.HostFolder;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/// One `--dir HOST::GUEST[:ro]`: a folder of this machine, and what the guest knows it as.
///
/// @param host the folder
/// @param guestPath the guest's name for it
/// @param isReadOnly whether the guest can change nothing in it
record FolderOption(Path host, String guestPath, boolean isReadOnly) {
  private static final String SEPARATOR = "::";
  private static final String READ_ONLY = ":ro";

  /// What `text` says.
  ///
  /// @throws CommandFailure if it is not of that form
  static FolderOption parse(String text) {
    boolean isReadOnly = text.endsWith(READ_ONLY);
    String folders = isReadOnly ? text.substring(0, text.length() - READ_ONLY.length()) : text;
    int separator = folders.indexOf(SEPARATOR);
    if (separator < 1 || separator + SEPARATOR.length() == folders.length()) {
      throw CommandFailure.usage("--dir: '" + text + "' is not HOST::GUEST[:ro]");
    }
    try {
      return new FolderOption(
          Path.of(folders.substring(0, separator)),
          folders.substring(separator + SEPARATOR.length()),
          isReadOnly);
    } catch (InvalidPathException e) {
      throw CommandFailure.usage("--dir: '" + text + "': " + e.getReason());
    }
  }

  /// Opens `folders`.
  ///
  /// @throws CommandFailure if one cannot be opened
  static OpenFolders open(List<FolderOption> folders) {
    OpenFolders open = new OpenFolders();
    boolean isDone = false;
    try {
      for (FolderOption folder : folders) {
        open.add(HostFolder.of(folder.host, folder.isReadOnly), folder.guestPath);
      }
      isDone = true;
      return open;
    } catch (IOException e) {
      throw CommandFailure.failed("--dir: " + e.getMessage());
    } finally {
      if (!isDone) {
        open.close();
      }
    }
  }
}
