package dev.cloister.sandbox.wast;

import java.nio.file.Path;
import java.util.List;

/// One test script.
///
/// @param file where it was read from; the modules lie beside it
/// @param commands in the order of execution
record Script(Path file, List<ScriptCommand> commands) {
  Script {
    commands = List.copyOf(commands);
  }

  /// The file of a module that a command names.
  Path moduleFile(String filename) {
    return file.resolveSibling(filename);
  }
}
