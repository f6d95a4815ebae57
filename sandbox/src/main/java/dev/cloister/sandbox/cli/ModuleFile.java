package dev.cloister.sandbox.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads the file a command names.
final class ModuleFile {
  private ModuleFile() {}

  /// The whole content of `file`.
  ///
  /// @throws CommandFailure if it cannot be read; says why in one line
  static byte[] read(Path file) {
    requireFile(file);
    try {
      return Files.readAllBytes(file);
    } catch (AccessDeniedException _) {
      throw CommandFailure.usage("cannot read " + file + ": permission denied");
    } catch (IOException fault) {
      throw CommandFailure.usage("cannot read " + file + ": " + fault.getMessage());
    }
  }

  /// Requires that `file` is there.
  static void requireFile(Path file) {
    if (Files.isDirectory(file)) {
      throw CommandFailure.usage("cannot read " + file + ": is a folder");
    }
    if (!Files.exists(file)) {
      throw CommandFailure.usage("cannot read " + file + ": no such file");
    }
  }
}
