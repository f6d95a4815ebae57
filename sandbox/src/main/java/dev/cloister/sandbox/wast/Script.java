package dev.cloister.sandbox.wast;

import java.nio.file.Path;
import java.util.List;

/// One test script.
///
/// @param file where it was read from; the modules lie beside it
/// @param isRecorded whether it was recorded of another engine instead of converted from text; trap
///   texts are that engine's then
/// @param commands in the order of execution
record Script(Path file, boolean isRecorded, List<ScriptCommand> commands) {
  Script {
    commands = List.copyOf(commands);
  }

  /// The file of a module that a command names.
  Path moduleFile(String filename) {
    return file.resolveSibling(filename);
  }
}
